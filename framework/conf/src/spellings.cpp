// SPDX-License-Identifier: BSL-1.0
#include "spellings.hpp"

#include "described.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <optional>

namespace rill::conf::detail {

namespace {

struct unit_words {
    std::string_view unit;
    std::initializer_list<std::string_view> words; // that people write for it, in small letters
};

const unit_words durations[] = {
    {"d", {"d", "day", "days"}},
    {"h", {"h", "hr", "hrs", "hour", "hours"}},
    {"m", {"m", "min", "mins", "minute", "minutes"}},
    {"s", {"s", "sec", "secs", "second", "seconds"}},
    {"ms", {"ms", "msec", "msecs", "millis", "millisecond", "milliseconds"}},
    {"us", {"us", "\u00b5s", "\u03bcs", "usec", "usecs", "micros", "microsecond", "microseconds"}},
    {"ns", {"ns", "nsec", "nsecs", "nanos", "nanosecond", "nanoseconds"}},
};

const unit_words sizes[] = {
    {"B", {"b", "byte", "bytes"}},
    {"KiB", {"kib", "ki", "kibibytes"}},
    {"MiB", {"mib", "mi", "mebibytes"}},
    {"GiB", {"gib", "gi", "gibibytes"}},
    {"TiB", {"tib", "ti", "tebibytes"}},
};

/// Units of which half of all readers think that they are powers of 1000, in that order.
const unit_words ambiguous_sizes[] = {
    {"KiB", {"k", "kb", "kbyte", "kbytes", "kilobytes"}},
    {"MiB", {"m", "mb", "mbyte", "mbytes", "megabytes"}},
    {"GiB", {"g", "gb", "gbyte", "gbytes", "gigabytes"}},
    {"TiB", {"t", "tb", "tbyte", "tbytes", "terabytes"}},
};

constexpr std::string_view endless[] = {
    "never", "forever", "infinite", "infinity", "inf", "unlimited", "none", "off", "-1"
};

bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/// In small letters and without blanks.
std::string simplified(std::string_view text)
{
    std::string out;
    for (const char c : text)
        if (c != ' ' && c != '\t' && c != '_')
            out += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    return out;
}

/// A number and the word behind it.
struct part {
    std::string number;
    std::string word;
};

/// "1h30m" has two; empty if the text is not made of such parts.
std::vector<part> parts_of(const std::string& text)
{
    const auto in_number = [](char c) { return is_digit(c) || c == '.'; };
    std::vector<part> parts;
    for (auto at = text.begin(); at != text.end();) {
        const auto word = std::find_if_not(at, text.end(), in_number);
        const auto next = std::find_if(word, text.end(), in_number);
        if (at == word)
            return {};
        parts.push_back({{at, word}, {word, next}});
        at = next;
    }
    return parts;
}

/// Null if the word is none of them.
template <std::size_t N>
const unit_words* find(const unit_words (&units)[N], const std::string& word)
{
    for (const unit_words& u : units)
        if (std::find(u.words.begin(), u.words.end(), word) != u.words.end())
            return &u;
    return nullptr;
}

/// "1MB" as both halves of its readers understand it.
std::vector<spelling> both_meanings(const std::string& number, const unit_words& meant)
{
    const std::string binary = number + std::string{meant.unit};
    const auto bytes = parse_size(binary);
    if (!bytes)
        return {};
    std::vector<spelling> out{{binary, "for " + std::to_string(*bytes) + " bytes"}};
    std::optional<std::int64_t> decimal = parse_size(number + "B");
    for (const auto* u = ambiguous_sizes; decimal && u <= &meant; ++u)
        decimal = *decimal <= *bytes ? std::optional{*decimal * 1000} : std::nullopt;
    if (decimal)
        out.push_back({std::to_string(*decimal) + "B", {}});
    return out;
}

/// The text with "1" for each of its numbers, or with what stands before their points.
std::string with_numbers(std::string_view text, bool as_they_are)
{
    std::string out;
    for (std::size_t i = 0; i < text.size();) {
        if (!is_digit(text[i])) {
            out += text[i++];
            continue;
        }
        const auto begin = i;
        while (i < text.size() && is_digit(text[i]))
            ++i;
        out += as_they_are ? text.substr(begin, i - begin) : "1";
        if (i + 1 < text.size() && text[i] == '.' && is_digit(text[i + 1]))
            for (++i; i < text.size() && is_digit(text[i]);)
                ++i;
    }
    return out;
}

using parser = std::optional<std::int64_t>(std::string_view);

std::string_view
flaw(std::string_view text, parser& parse, std::string_view too_large, std::string_view too_fine)
{
    if (parse(text) || text.starts_with('-') || !parse(with_numbers(text, false)))
        return {};
    return parse(with_numbers(text, true)) ? too_fine : too_large;
}

} // namespace

std::vector<spelling> likely_durations(std::string_view text)
{
    const std::string simple = simplified(text);
    if (std::find(std::begin(endless), std::end(endless), simple) != std::end(endless))
        return {{"never", {}}};
    std::string out;
    for (const part& p : parts_of(simple)) {
        if (p.word.empty() && out.empty())
            return {{p.number + "s", "for seconds"}, {p.number + "ms", "for milliseconds"}};
        const auto* unit = find(durations, p.word);
        if (!unit)
            return {};
        out += p.number;
        out += unit->unit;
    }
    return {{out, {}}};
}

std::vector<spelling> likely_sizes(std::string_view text)
{
    const auto parts = parts_of(simplified(text));
    if (parts.size() != 1)
        return {};
    const auto& [number, word] = parts.front();
    if (word.empty())
        return {{number + "B", "for bytes"}, {number + "KiB", "for 1024 times as much"}};
    if (const auto* unit = find(sizes, word))
        return {{number + std::string{unit->unit}, {}}};
    const auto* unit = find(ambiguous_sizes, word);
    return unit ? both_meanings(number, *unit) : std::vector<spelling>{};
}

std::string_view flaw_of_duration(std::string_view text)
{
    return flaw(
        text, parse_duration, ", which is too long", ", which is no whole number of nanoseconds"
    );
}

std::string_view flaw_of_size(std::string_view text)
{
    return flaw(text, parse_size, ", which is too large", ", which is no whole number of bytes");
}

} // namespace rill::conf::detail
