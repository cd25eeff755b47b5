// SPDX-License-Identifier: BSL-1.0
#include "advice.hpp"

#include "spellings.hpp"
#include "values.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace rill::conf::detail {

namespace {

bool is_number(kind kind)
{
    return kind == kind::integer || kind == kind::real;
}

/// The value as its writer wrote it, or nearly so; empty of lists and sections.
std::string written(const node& value)
{
    switch (value.kind) {
    case node_kind::boolean: return value.integer != 0 ? "true" : "false";
    case node_kind::integer: return std::to_string(value.integer);
    case node_kind::real: return plain(kind::real, scalar{value.real});
    case node_kind::text:
    case node_kind::bare: return value.text;
    default: return {};
    }
}

/// Of a text that is to be an integer, and is no such thing.
std::string_view flaw_of_integer(const node& value)
{
    std::string digits = value.text;
    std::erase(digits, '_');
    std::int64_t ignored = 0;
    const auto* end = digits.data() + digits.size();
    const auto [stop, error] = std::from_chars(digits.data(), end, ignored);
    if (error == std::errc::result_out_of_range && stop == end)
        return digits.starts_with('-') ? ", which is too small" : ", which is too large";
    const bool well_formed = stop == end && digits == value.text;
    return value.kind == node_kind::bare && !well_formed ? ", which is no number" : "";
}

/// What is wrong with the number itself, where the form of the value is right.
std::string_view flaw_of(const field& field, const node& value)
{
    switch (field.type->kind) {
    case kind::duration: return flaw_of_duration(value.text);
    case kind::size: return flaw_of_size(value.text);
    case kind::integer: return flaw_of_integer(value);
    case kind::real: return value.kind == node_kind::bare ? ", which is no number" : "";
    default: return {};
    }
}

/// What a text would set if it stood in quotes; empty if that is not allowed either.
std::optional<scalar> accepted(const field& field, const std::string& text)
{
    node quoted;
    quoted.text = text;
    auto s = scalar_of(field, quoted);
    return s && violated_rule(field, *s).empty() ? std::move(s) : std::nullopt;
}

/// The spellings that are allowed here: "; write "10s" for seconds or "10ms" for milliseconds".
std::string write_one_of(const field& field, const std::vector<spelling>& spellings)
{
    std::vector<std::string> words;
    std::vector<std::int64_t> values;
    for (const auto& [text, meaning] : spellings) {
        const auto s = accepted(field, text);
        if (!s || std::find(values.begin(), values.end(), s->integer) != values.end())
            continue;
        values.push_back(s->integer);
        words.push_back(in_quotes(text) + (meaning.empty() ? "" : " " + meaning));
    }
    return words.empty() ? std::string{} : "; write " + one_of(words);
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

std::string advice_for_boolean(const node& value)
{
    const auto word = truth(written(value));
    return word.empty() ? std::string{} : "; write " + std::string{word};
}

/// "1000" of 1e3; empty if it is not whole, or so large that digits are lost.
std::string whole(double value)
{
    const bool exact = value == std::trunc(value) && std::abs(value) < 1e15;
    return exact ? std::to_string(static_cast<std::int64_t>(value)) : std::string{};
}

/// "7" of 007, which is no TOML; empty of anything else.
std::string without_leading_zeros(const std::string& digits)
{
    const auto first = digits.find_first_not_of('0');
    return digits.starts_with('0') && first != digits.npos ? digits.substr(first) : std::string{};
}

std::string advice_for_number(const field& field, const node& value)
{
    if (value.kind == node_kind::text)
        return scalar_of(field, node_of(field, value.text, {})) ? "; write it without quotes" : "";
    const std::string plainer =
        value.kind == node_kind::real ? whole(value.real) : without_leading_zeros(value.text);
    const auto s = scalar_of(field, node_of(field, plainer, {}));
    return s && violated_rule(field, *s).empty() ? "; write " + plainer : std::string{};
}

std::string advice_for_choice(const field& field, const node& value)
{
    const auto words = choices_of(field);
    if (value.kind == node_kind::text)
        return did_you_mean(value.text, words);
    const auto meant = nearest(written(value), words);
    return meant.empty() ? std::string{} : "; write " + in_quotes(meant);
}

/// Of a value that has no quotes though it is to be a text.
std::string advice_for_text(const field& field, const node& value)
{
    const std::string text = written(value);
    const auto rule =
        text.empty() ? std::string{} : violated_rule(field, scalar{std::string_view{text}});
    if (text.empty() || value.kind == node_kind::text)
        return {};
    return rule.empty() ? "; write it in quotes" : "; in quotes it must still " + rule;
}

bool begins_with_typographic_quote(std::string_view text)
{
    for (const std::string_view quote :
         {"\u201c", "\u201d", "\u201e", "\u2018", "\u2019", "\u00ab"})
        if (text.starts_with(quote))
            return true;
    return false;
}

} // namespace

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
    if (value.kind != node_kind::text && value.kind != node_kind::bare)
        return written(value);
    auto text = in_quotes_briefly(value.text);
    if (value.kind == node_kind::bare)
        text = text.substr(1, text.size() - 2);
    return text.append(flaw_of(field, value));
}

std::string advice(const field& field, const node& value)
{
    if (field.secret)
        return {};
    const auto kind = field.type->kind;
    if (value.kind == node_kind::bare && begins_with_typographic_quote(value.text))
        return "; quotes are \" or '";
    if (value.kind == node_kind::bare && is_quoted(kind) && accepted(field, value.text))
        return "; write it in quotes";
    if (kind == kind::boolean)
        return advice_for_boolean(value);
    if (is_number(kind))
        return advice_for_number(field, value);
    if (kind == kind::duration)
        return write_one_of(field, likely_durations(written(value)));
    if (kind == kind::size)
        return write_one_of(field, likely_sizes(written(value)));
    return choices_of(field).empty() ? advice_for_text(field, value)
                                     : advice_for_choice(field, value);
}

} // namespace rill::conf::detail
