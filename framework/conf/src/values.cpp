// SPDX-License-Identifier: BSL-1.0
#include "values.hpp"

#include <charconv>

namespace rill::conf::detail {

namespace {

std::string toml_of(kind kind, const scalar& s)
{
    return is_quoted(kind) ? in_quotes(plain(kind, s)) : plain(kind, s);
}

/// What stands in the file instead, for the end of a sentence.
std::string found(const field& field, const node& value)
{
    switch (value.kind) {
    case node_kind::list: return "a list";
    case node_kind::section: return "a section";
    case node_kind::time: return "a date or time";
    default: break;
    }
    if (field.secret)
        return "something that is not shown here";
    switch (value.kind) {
    case node_kind::boolean: return value.integer != 0 ? "true" : "false";
    case node_kind::integer: return std::to_string(value.integer);
    case node_kind::real: return plain(kind::real, scalar{value.real});
    case node_kind::bare: {
        const auto text = in_quotes_briefly(value.text);
        const bool is_number = field.type->kind == kind::integer || field.type->kind == kind::real;
        return text.substr(1, text.size() - 2) + (is_number ? ", which is no number" : "");
    }
    default: return in_quotes_briefly(value.text);
    }
}

/// The scalar, if the value has the right type and form; range and conditions come later.
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

/// The word that was probably meant by yes, True or off.
std::string_view truth(std::string text)
{
    for (char& c : text)
        c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    if (text == "true" || text == "yes" || text == "on" || text == "1")
        return "true";
    if (text == "false" || text == "no" || text == "off" || text == "0")
        return "false";
    return {};
}

/// What would be right in the place of a text, with its quotes or without.
std::string hint_for_text(const field& field, const node& value)
{
    const auto kind = field.type->kind;
    const bool quoted = value.kind == node_kind::text;
    if (kind == kind::boolean) {
        const auto word = truth(value.text);
        return word.empty() ? std::string{} : "; write " + std::string{word};
    }
    node other; // the same, quoted
    other.text = value.text;
    if (is_quoted(kind)) {
        if (!quoted && scalar_of(field, other))
            return "; write it in quotes";
        return did_you_mean(value.text, choices_of(field));
    }
    return quoted && scalar_of(field, node_of(field, value.text, {})) ? "; write it without quotes"
                                                                      : std::string{};
}

/// What would be right in the place of a value that has the wrong type or form.
std::string hint(const field& field, const node& value)
{
    const auto kind = field.type->kind;
    if (field.secret)
        return {};
    if (value.kind == node_kind::text || value.kind == node_kind::bare)
        return hint_for_text(field, value);
    if (value.kind == node_kind::integer && value.integer >= 0) {
        const std::string digits = std::to_string(value.integer);
        if (kind == kind::duration)
            return "; write \"" + digits + "s\" for seconds or \"" + digits +
                   "ms\" for milliseconds";
        if (kind == kind::size)
            return "; write \"" + digits + "B\" for bytes or \"" + digits +
                   "KiB\" for 1024 times as much";
        if (kind == kind::boolean && value.integer <= 1)
            return value.integer == 1 ? "; write true" : "; write false";
    }
    const bool plain_value = value.kind == node_kind::integer || value.kind == node_kind::real ||
                             value.kind == node_kind::boolean;
    if (plain_value && kind == kind::text && field.choices.empty())
        return "; write it in quotes";
    return {};
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
    const auto refuse = [&](const std::string& rule, const std::string& advice = {}) {
        out.problems.push_back(
            {value.where, subject + " must " + rule + "; found " + found(field, value) + advice}
        );
        return std::nullopt;
    };
    const auto s = scalar_of(field, value);
    if (!s)
        return refuse(rule_of_type(field), hint(field, value));
    if (const auto rule = violated_rule(field, *s); !rule.empty())
        return refuse(rule);
    return s;
}

} // namespace

reading read_value(const field& field, const std::string& path, const node& value)
{
    reading out;
    if (!field.type->list) {
        if (auto s = read_element(field, path, value, out))
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
    const detail::type single = item_type(field);
    detail::field item_field = field;
    item_field.type = &single;
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
    if (!field.type->list)
        return values.empty() ? std::string{} : toml_of(field.type->kind, values.front());
    std::string out = "[";
    for (const scalar& s : values)
        out += (out.size() > 1 ? ", " : "") + toml_of(field.type->kind, s);
    return out += "]";
}

} // namespace rill::conf::detail
