// SPDX-License-Identifier: BSL-1.0
#include <rill/detail/described/constraints.hpp>
#include <rill/detail/described/text.hpp>
#include <rill/detail/described/units.hpp>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <limits>
#include <optional>

namespace rill::described {

namespace {

std::string real_text(double value)
{
    if (std::isnan(value))
        return "nan";
    if (std::isinf(value))
        return value < 0 ? "-inf" : "inf";
    std::array<char, 32> buffer{};
    const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value).ptr;
    std::string text{buffer.data(), end};
    if (text.find_first_of(".e") == std::string::npos)
        text += ".0";
    return text;
}

bool is_below(kind kind, const scalar& a, const scalar& b)
{
    return kind == kind::real ? a.real < b.real : a.integer < b.integer;
}

/// The bounds that a message names: those that were set, or those of a small integer type.
std::optional<scalar> lowest_of(const field& field)
{
    if (field.lowest || field.type->kind != kind::integer)
        return field.lowest;
    const bool bounded = field.type->lowest != std::numeric_limits<std::int64_t>::min();
    return bounded ? std::optional{scalar{field.type->lowest}} : std::nullopt;
}

std::optional<scalar> highest_of(const field& field)
{
    if (field.highest || field.type->kind != kind::integer)
        return field.highest;
    const bool bounded = field.type->highest != std::numeric_limits<std::int64_t>::max();
    return bounded ? std::optional{scalar{field.type->highest}} : std::nullopt;
}

/// " from a to b", " of at least a", " of at most b", or nothing.
std::string range_of(const field& field)
{
    const auto kind = field.type->kind;
    const auto lowest = lowest_of(field);
    const auto highest = highest_of(field);
    if (lowest && highest)
        return " from " + plain(kind, *lowest) + " to " + plain(kind, *highest);
    if (lowest)
        return " of at least " + plain(kind, *lowest);
    if (highest)
        return " of at most " + plain(kind, *highest);
    return {};
}

std::string expected_element(const field& field)
{
    std::vector<std::string> words = choices_of(field);
    for (auto& word : words)
        word = in_quotes(word);
    if (!words.empty())
        return one_of(words);
    switch (field.type->kind) {
    case kind::boolean: return "true or false";
    case kind::integer: return "an integer" + range_of(field);
    case kind::real: return "a number" + range_of(field);
    case kind::duration:
        return "a duration" + range_of(field) + (field.or_never ? R"( or "never")" : "");
    case kind::size: return "a size" + range_of(field);
    case kind::text:
    case kind::choice: break;
    }
    return "a text";
}

bool in_range(const field& field, const scalar& s)
{
    const auto kind = field.type->kind;
    if (kind == kind::duration && s.integer == never)
        return field.or_never;
    if (kind == kind::real && std::isnan(s.real))
        return false;
    if (kind == kind::integer &&
        (s.integer < field.type->lowest || s.integer > field.type->highest))
        return false;
    return !(field.lowest && is_below(kind, s, *field.lowest)) &&
           !(field.highest && is_below(kind, *field.highest, s));
}

/// ", such as X" where that tells more than the expectation did.
std::string such_as(const field& field)
{
    const auto kind = field.type->kind;
    if (!choices_of(field).empty() || (!is_quoted(kind) && field.example.empty()))
        return {};
    const auto example = example_of(field);
    return example.empty() ? std::string{} : ", such as " + example;
}

} // namespace

std::string plain(kind kind, const scalar& s)
{
    switch (kind) {
    case kind::boolean: return s.integer != 0 ? "true" : "false";
    case kind::integer: return std::to_string(s.integer);
    case kind::real: return real_text(s.real);
    case kind::duration: return format_duration(s.integer);
    case kind::size: return format_size(s.integer);
    case kind::text:
    case kind::choice: break;
    }
    return s.text;
}

bool is_quoted(kind kind)
{
    return kind != kind::boolean && kind != kind::integer && kind != kind::real;
}

bool is_chosen(const field& field, const std::string& text)
{
    const auto words = choices_of(field);
    return words.empty() || std::find(words.begin(), words.end(), text) != words.end();
}

std::vector<std::string> choices_of(const field& field)
{
    if (!field.choices.empty())
        return field.choices;
    return {field.type->names, field.type->names + field.type->name_count};
}

std::string expected(const field& field)
{
    return field.type->list ? "a list, each item " + expected_element(field)
                            : expected_element(field);
}

std::string example_of(const field& field)
{
    std::string example = field.example;
    const auto kind = field.type->kind;
    if (example.empty()) {
        if (const auto words = choices_of(field); !words.empty())
            example = words.front();
        else if (kind == kind::boolean)
            example = "true";
        else if (kind == kind::duration)
            example = "60s";
        else if (kind == kind::size)
            example = "64KiB";
        scalar general{1.0};
        general.integer = kind == kind::duration ? 60'000'000'000 : kind == kind::size ? 65'536 : 1;
        if (kind != kind::text && kind != kind::choice && !in_range(field, general))
            example = plain(kind, field.lowest ? *field.lowest : *field.highest);
    }
    return example.empty() || !is_quoted(kind) ? example : in_quotes(example);
}

std::string rule_of_type(const field& field)
{
    return "be " + expected_element(field) + such_as(field);
}

std::string violated_rule(const field& field, const scalar& value)
{
    if (!in_range(field, value))
        return rule_of_type(field);
    const bool steps = field.type->kind == kind::duration && value.integer != never;
    if (steps && value.integer % field.type->tick != 0)
        return "be in whole steps of " + format_duration(field.type->tick);
    if (field.check && !field.check->holds_for(&value))
        return field.check->text;
    return {};
}

} // namespace rill::described
