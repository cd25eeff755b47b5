// SPDX-License-Identifier: BSL-1.0
#include "values.hpp"

#include "advice.hpp"

#include <charconv>

namespace rill::conf::detail {

namespace {

std::string toml_of(kind kind, const scalar& s)
{
    return is_quoted(kind) ? in_quotes(plain(kind, s)) : plain(kind, s);
}

/// The type of a list's items.
type item_type(const field& list)
{
    type item = *list.type;
    item.list = false;
    return item;
}

/// Reads one element; `subject` is how a message calls it.
std::optional<scalar>
read_element(const field& field, const std::string& subject, const node& value, reading& out)
{
    const auto refuse = [&](const std::string& rule, const std::string& more = {}) {
        out.problems.push_back(
            {value.where, subject + " must " + rule + "; found " + found(field, value) + more}
        );
        return std::nullopt;
    };
    const auto s = scalar_of(field, value);
    if (!s)
        return refuse(rule_of_type(field), advice(field, value));
    if (const auto rule = violated_rule(field, *s); !rule.empty())
        return refuse(rule);
    return s;
}

} // namespace

std::optional<scalar> scalar_of(const field& field, const node& value)
{
    scalar s{value.text};
    s.integer = value.integer;
    s.real = value.real;
    const bool is_text = value.kind == node_kind::text;
    std::optional<std::int64_t> measure;
    switch (field.type->kind) {
    case kind::boolean: return value.kind == node_kind::boolean ? std::optional{s} : std::nullopt;
    case kind::integer: return value.kind == node_kind::integer ? std::optional{s} : std::nullopt;
    case kind::real:
        if (value.kind == node_kind::integer)
            s.real = static_cast<double>(value.integer);
        else if (value.kind != node_kind::real)
            return std::nullopt;
        return s;
    case kind::duration:
        if (is_text)
            measure = value.text == "never" ? std::optional{never} : parse_duration(value.text);
        break;
    case kind::size: measure = is_text ? parse_size(value.text) : std::nullopt; break;
    case kind::text:
    case kind::choice:
        return is_text && is_chosen(field, value.text) ? std::optional{s} : std::nullopt;
    }
    if (!measure)
        return std::nullopt;
    s.integer = *measure;
    return s;
}

reading read_value(const field& field, const std::string& path, const node& value)
{
    reading out;
    if (!field.type->list) {
        if (auto s = read_element(field, path, value, out))
            out.scalars.push_back(std::move(*s));
        return out;
    }
    const detail::type single = item_type(field);
    detail::field item_field = field;
    item_field.type = &single;
    if (value.kind != node_kind::list && field.or_one) {
        if (auto s = read_element(item_field, path, value, out))
            out.scalars.push_back(std::move(*s));
        return out;
    }
    if (value.kind != node_kind::list) {
        out.problems.push_back(
            {value.where,
             path + " must be " + expected(field) + "; found " + found(field, value) +
                 "; write it in square brackets"}
        );
        return out;
    }
    for (const node& item : value.items)
        if (auto s = read_element(item_field, "each item of " + path, item, out))
            out.scalars.push_back(std::move(*s));
    return out;
}

node node_of(const field& field, std::string_view text, const origin& where)
{
    if (field.type->list) {
        const auto inside = trimmed(text);
        if (inside.starts_with('['))
            return parse_list(inside, where);
        const detail::type item = item_type(field);
        detail::field single = field;
        single.type = &item;
        node list;
        list.kind = node_kind::list;
        list.where = where;
        if (!inside.empty())
            for (const auto& part : split(inside, ","))
                list.items.push_back(node_of(single, trimmed(part), where));
        return list;
    }

    node value;
    value.where = where;
    value.text = text;
    const auto word = trimmed(text);
    const auto* begin = word.data();
    const auto* end = begin + word.size();
    if (field.type->kind == kind::boolean && (word == "true" || word == "false")) {
        value.kind = node_kind::boolean;
        value.integer = word == "true" ? 1 : 0;
    } else if (field.type->kind == kind::integer) {
        const auto [stop, error] = std::from_chars(begin, end, value.integer);
        if (error == std::errc{} && stop == end)
            value.kind = node_kind::integer;
    } else if (field.type->kind == kind::real) {
        const auto [stop, error] = std::from_chars(begin, end, value.real);
        if (error == std::errc{} && stop == end)
            value.kind = node_kind::real;
    }
    return value;
}

std::string toml_of(const field& field, const scalars& values)
{
    if (!field.type->list || (field.or_one && values.size() == 1))
        return values.empty() ? std::string{} : toml_of(field.type->kind, values.front());
    std::string out = "[";
    for (const scalar& s : values)
        out += (out.size() > 1 ? ", " : "") + toml_of(field.type->kind, s);
    return out += "]";
}

} // namespace rill::conf::detail
