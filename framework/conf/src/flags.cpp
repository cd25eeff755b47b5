// SPDX-License-Identifier: BSL-1.0
#include "flags.hpp"

#include "keys.hpp"

#include <algorithm>
#include <string_view>

namespace rill::conf::detail {

namespace {

/// What is said of a path that is no key.
std::string unknown(const std::string& path, const std::vector<std::string>& paths)
{
    const auto inside = std::find_if(paths.begin(), paths.end(), [&](const std::string& p) {
        return p.starts_with(path + ".");
    });
    if (inside != paths.end())
        return "'" + path + "' is a section; set its keys, as in " + *inside + "=...";
    return "unknown key '" + printable(path) + "'" + did_you_mean(path, paths);
}

void read_flag(draft& into, const std::string& flag, const std::vector<std::string>& paths)
{
    const origin where{"command line"};
    const auto equals = flag.find('=');
    if (equals == std::string::npos || equals == 0) {
        into.problems.add(
            where, "--set " + printable(flag) + ": expected key=value, as in server.port=8080"
        );
        return;
    }
    const std::string path{trimmed(std::string_view{flag}.substr(0, equals))};
    if (std::find(paths.begin(), paths.end(), path) != paths.end())
        into.set(path, std::string_view{flag}.substr(equals + 1), where);
    else
        into.problems.add(where, unknown(path, paths));
}

} // namespace

void read_flags(draft& into, const std::vector<std::string>& flags)
{
    const std::vector<std::string> paths = paths_of(into.table());
    for (const std::string& flag : flags)
        read_flag(into, flag, paths);
    into.problems.end_source();
}

} // namespace rill::conf::detail
