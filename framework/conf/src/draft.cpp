// SPDX-License-Identifier: BSL-1.0
#include "draft.hpp"

#include "keys.hpp"
#include "values.hpp"

#include <algorithm>
#include <cstddef>
#include <utility>
#include <vector>

namespace rill::conf::detail {

namespace {

const field& at(const table& in, std::size_t offset)
{
    return *std::find_if(in.fields.begin(), in.fields.end(), [offset](const field& f) {
        return f.offset == offset;
    });
}

/// A field's value as a message may show it.
std::string shown(const field& f, const void* object)
{
    scalars values;
    f.type->get(f.in(object), values);
    if (f.secret)
        return "\"***\"";
    return values.empty() && !f.type->list ? "nothing" : toml_of(f, values);
}

/// "a, b and c".
std::string all_of(const std::vector<std::string>& words)
{
    std::string out;
    for (std::size_t i = 0; i < words.size(); ++i)
        out += (i == 0 ? "" : i + 1 == words.size() ? " and " : ", ") + words[i];
    return out;
}

} // namespace

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
    for (const auto& rule : of.rules)
        if (!rule.holds.holds_for(target))
            report(rule, of, target, path);
}

void draft::report(
    const rule& broken, const detail::table& of, const void* target, const std::string& path
)
{
    std::vector<const field*> fields{&at(of, broken.offset)};
    for (const std::size_t offset : broken.others)
        fields.push_back(&at(of, offset));
    const auto origin_of = [&](const field* f) {
        const auto set = origins.find(joined(path, f->name));
        return set == origins.end() ? origin{} : set->second;
    };
    const auto is_set = [&](const field* f) { return origin_of(f).source != origin{}.source; };
    const auto first_set = std::find_if(fields.begin(), fields.end(), is_set);
    const field* told = first_set == fields.end() ? fields.front() : *first_set;

    std::vector<std::string> values;
    for (const field* f : fields)
        if (!f->nested)
            values.push_back(
                f->name + " = " + shown(*f, target) +
                (f == told ? "" : " (" + origin_of(f).text() + ")")
            );
    problems.add(
        origin_of(told),
        joined(path, fields.front()->name) + " must " + broken.holds.text +
            (values.empty() ? "" : "; found " + all_of(values))
    );
}

} // namespace rill::conf::detail
