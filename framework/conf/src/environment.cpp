// SPDX-License-Identifier: BSL-1.0
#include "environment.hpp"

#include "keys.hpp"

#include <algorithm>
#include <string_view>

namespace rill::conf::detail {

namespace {

constexpr std::string_view prefix = "RILL_";

/// RILL_SERVER__PORT for server.port.
std::string variable_of(const std::string& path)
{
    std::string name{prefix};
    for (const char c : path) {
        if (c == '.')
            name += "__";
        else
            name += c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
    }
    return name;
}

std::string single_underscores(std::string_view name)
{
    std::string out;
    for (const char c : name)
        if (c != '_' || !out.ends_with('_'))
            out += c;
    return out;
}

bool has_section(const std::string& name)
{
    return name.find("__") != std::string::npos;
}

/// The variable that `name` may be a misspelling of; empty if there is none.
std::string meant_by(const std::string& name, const std::vector<std::string>& candidates)
{
    std::string meant;
    for (const std::string& candidate : candidates)
        if (single_underscores(candidate) == single_underscores(name))
            meant = candidate;
    if (!meant.empty())
        return meant;
    if (has_section(name))
        return nearest(name, candidates);
    for (const std::string& candidate : candidates)
        if (edit_distance(name, candidate) == 1)
            meant = candidate;
    return meant;
}

/// Whether it begins as the variables of a section do, but for an underscore.
bool begins_like_section(const std::string& name, const table& of)
{
    return std::any_of(of.fields.begin(), of.fields.end(), [&](const field& f) {
        return f.nested && name.starts_with(variable_of(f.name) + "_");
    });
}

/// The variable of a key that was written without its section; empty if there is none. RILL_DEBUG is
/// debug mode's own.
std::string without_section(const std::string& name, const std::vector<std::string>& candidates)
{
    const std::string last = name.substr(prefix.size());
    for (const std::string& candidate : candidates)
        if (candidate.ends_with("__" + last) && name != "RILL_DEBUG")
            return candidate;
    return {};
}

/// RILL_ may begin names that have nothing to do with settings, so a variable is refused only if it
/// has a section's two underscores or is nearly a key.
void refuse_variable(
    draft& into,
    const std::string& name,
    const std::vector<std::string>& candidates,
    const origin& where
)
{
    const std::string meant = meant_by(name, candidates);
    if (!meant.empty())
        into.problems.add(where, "there is no such setting; did you mean '" + meant + "'?");
    else if (has_section(name))
        into.problems.add(where, "there is no such setting");
    else if (const auto full = without_section(name, candidates); !full.empty())
        into.warnings.push_back(
            {where, "there is no such setting; did you mean '" + full + "'?", true}
        );
    else if (begins_like_section(name, into.table()))
        into.warnings.push_back(
            {where, "there is no such setting" + did_you_mean(name, candidates), true}
        );
}

} // namespace

void read_environment(draft& into, std::vector<std::string> variables)
{
    std::sort(variables.begin(), variables.end());
    const std::vector<std::string> paths = paths_of(into.table());
    std::vector<std::string> names; // in the order of `paths`
    std::transform(paths.begin(), paths.end(), std::back_inserter(names), variable_of);
    for (const std::string& variable : variables) {
        const auto equals = variable.find('=');
        const std::string name = variable.substr(0, equals);
        if (equals == std::string::npos || !name.starts_with(prefix))
            continue;
        const origin where{"environment variable " + printable(name)};
        const auto found = std::find(names.begin(), names.end(), name);
        if (found == names.end())
            refuse_variable(into, name, names, where);
        else
            into.set(
                paths[static_cast<std::size_t>(found - names.begin())],
                std::string_view{variable}.substr(equals + 1),
                where
            );
    }
    into.problems.end_source();
}

} // namespace rill::conf::detail
