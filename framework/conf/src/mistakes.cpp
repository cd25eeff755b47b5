// SPDX-License-Identifier: BSL-1.0
#include "mistakes.hpp"

#include "described.hpp"
#include "key_names.hpp"
#include "shift.hpp"

#include <algorithm>

namespace rill::conf::detail {

namespace {

/// "1000" of "1,000"; empty of anything that is not digits in groups of three.
std::string without_commas(std::string_view value)
{
    std::string digits;
    for (const auto& group : split(value, ",")) {
        const bool all =
            std::all_of(group.begin(), group.end(), [](char c) { return c >= '0' && c <= '9'; });
        if (!all || group.empty() || group.size() > 3 || (!digits.empty() && group.size() != 3))
            return {};
        digits += group;
    }
    return digits.size() > 3 ? digits : std::string{};
}

} // namespace

mistake mistake_in_header(const statement& s, const mistake& found)
{
    const auto there = [&](std::string message) -> mistake {
        return {found.line, found.column, std::move(message)};
    };
    const std::string name = guessed_name(s);
    if (!s.closed)
        return there("the section's header is not closed; write [" + name + "]");
    if (!is_name(s.name))
        return there("'" + s.name + "' is not the name of a section");
    return there("expected the end of the line after [" + name + "]");
}

std::optional<mistake> mistake_in_key(const statement& s, const mistake& found)
{
    const auto at_key = [&](std::string message) -> mistake {
        return {s.first_line, s.column, std::move(message)};
    };
    const auto at_value = [&](std::string message) -> mistake {
        return {s.first_line, s.value_column, std::move(message)};
    };
    const auto there = [&](std::string message) -> mistake {
        return {found.line, found.column, std::move(message)};
    };
    const bool in_name = found.line == s.first_line && found.column < s.value_column;
    if (s.name.empty() || !is_key_letter(s.name.front()))
        return at_key("this is neither [section] nor key = value; a comment begins with #");
    if (!s.value_column && !s.closed)
        return at_key("a quote is not closed");
    if (!s.value_column)
        return there("expected '=' and a value after '" + first_word(s.name) + "'");
    if (s.name.ends_with(':'))
        return there("'=' stands alone after a key, without ':'");
    if (!is_name(s.name) && (in_name || is_bare(s.value)))
        return there("'" + s.name + "' is not a key; keys have letters, digits, _ and -");
    if (s.value.empty())
        return there("'" + s.name + "' has no value");
    if (s.value.starts_with('='))
        return at_value("there is one '=' too many");
    if (const auto plain_number = without_commas(s.value); !plain_number.empty())
        return at_value("a number has no commas; write " + plain_number);
    if (!s.closed)
        return at_value(
            "the value of '" + s.name + "' is not complete: a quote or bracket is not closed"
        );
    if (is_bare(s.value))
        return std::nullopt;
    return there("syntax error: " + plain(found.message));
}

std::string plain(std::string_view description)
{
    if (const auto colon = description.find(": "); colon != std::string_view::npos)
        description.remove_prefix(colon + 2);
    std::string text = shifted_down(description);
    const auto replace = [&text](std::string_view from, std::string_view to) {
        if (const auto i = text.find(from); i != std::string::npos)
            text.replace(i, from.size(), to);
    };
    replace("could not determine value type", "not a value; texts stand in quotes");
    replace("expected a comment or whitespace", "expected the end of the line");
    replace("Encountered invalid utf-8 sequence", "this is not UTF-8, which a conf file is in");
    replace("saw '\\n'", "found the end of the line");
    replace("saw '\\r'", "found the end of the line");
    replace("saw ", "found ");
    return text;
}

} // namespace rill::conf::detail
