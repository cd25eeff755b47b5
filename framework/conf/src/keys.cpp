// SPDX-License-Identifier: BSL-1.0
#include "keys.hpp"

namespace rill::conf::detail {

namespace {

void add_paths(const table& in, const std::string& path, std::vector<std::string>& paths)
{
    for (const field& f : in.fields) {
        if (f.nested)
            add_paths(*f.nested, joined(path, f.name), paths);
        else
            paths.push_back(joined(path, f.name));
    }
}

} // namespace

const field* find_in(const table& in, std::string_view name)
{
    for (const field& f : in.fields)
        if (f.name == name)
            return &f;
    return nullptr;
}

place find(const table& in, void* object, const std::string& path)
{
    place at{&in, nullptr, object};
    for (const std::string& name : split(path, ".")) {
        if (at.field)
            at = {at.field->nested, nullptr, at.field->in(at.object)};
        at.field = at.table ? find_in(*at.table, name) : nullptr;
        if (!at.field)
            return {};
    }
    return at;
}

std::vector<std::string> paths_of(const table& of)
{
    std::vector<std::string> paths;
    add_paths(of, {}, paths);
    return paths;
}

std::string section_of(const std::string& path)
{
    const auto dot = path.rfind('.');
    return dot == std::string::npos ? std::string{} : path.substr(0, dot);
}

std::string printable(const std::string& key)
{
    const std::string text = in_quotes_briefly(key);
    return text.substr(1, text.size() - 2);
}

} // namespace rill::conf::detail
