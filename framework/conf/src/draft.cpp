// SPDX-License-Identifier: BSL-1.0
#include "draft.hpp"

#include "keys.hpp"
#include "values.hpp"

#include <utility>

namespace rill::conf::detail {

void draft::set(
    const detail::table& in,
    const field& field,
    void* target,
    const std::string& path,
    const node& value
)
{
    const std::string name = joined(path, field.name);
    reading read = read_value(field, name, value);
    if (read.problems.empty()) {
        field.type->set(field.in(target), read.scalars);
        origins[name] = value.where;
        return;
    }
    damage(in);
    problems.add(std::move(read.problems));
}

void draft::set(const std::string& path, std::string_view text, const origin& where)
{
    const place at = find(table_, object_, path);
    set(*at.table, *at.field, at.object, section_of(path), node_of(*at.field, text, where));
}

void draft::check_rules()
{
    check_rules(table_, object_, {});
    problems.end_source();
}

void draft::check_rules(const detail::table& of, const void* target, const std::string& path)
{
    for (const field& f : of.fields)
        if (f.nested)
            check_rules(*f.nested, f.in(target), joined(path, f.name));
    if (damaged_.contains(&of))
        return;
    for (const auto& rule : of.rules) {
        if (rule.holds.holds_for(target))
            continue;
        for (const field& f : of.fields)
            if (f.offset == rule.offset) {
                const std::string name = joined(path, f.name);
                problems.add(origins[name], name + " must " + rule.holds.text);
            }
    }
}

} // namespace rill::conf::detail
