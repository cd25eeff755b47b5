// SPDX-License-Identifier: BSL-1.0
#include "text.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <span>

namespace top {

namespace {

struct range {
    char32_t first;
    char32_t last;
};

// A table of its own, because wcwidth() depends on the locale, and knows nothing beyond ASCII in
// the one that tests and containers run in.

constexpr std::array<range, 14> combining{{
    {0x0300, 0x036f},
    {0x0483, 0x0489},
    {0x0591, 0x05bd},
    {0x0610, 0x061a},
    {0x064b, 0x065f},
    {0x06d6, 0x06dc},
    {0x0e34, 0x0e3a},
    {0x0e47, 0x0e4e},
    {0x1ab0, 0x1aff},
    {0x1dc0, 0x1dff},
    {0x20d0, 0x20ff},
    {0x302a, 0x302d},
    {0xfe00, 0xfe0f},
    {0xfe20, 0xfe2f},
}};

constexpr std::array<range, 15> wide{{
    {0x1100, 0x115f},
    {0x2e80, 0x303e},
    {0x3041, 0x33ff},
    {0x3400, 0x4dbf},
    {0x4e00, 0x9fff},
    {0xa000, 0xa4cf},
    {0xac00, 0xd7a3},
    {0xf900, 0xfaff},
    {0xfe30, 0xfe6f},
    {0xff00, 0xff60},
    {0xffe0, 0xffe6},
    {0x1f300, 0x1f64f},
    {0x1f680, 0x1f6ff},
    {0x1f900, 0x1faff},
    {0x20000, 0x3fffd},
}};

// What must never reach a terminal as it is, besides what is no UTF-8.
constexpr std::array<range, 14> dangerous{{
    {0x0000, 0x001f},   // control characters
    {0x007f, 0x009f},   // and those above ASCII
    {0x00ad, 0x00ad},   // shown by some, hidden by others
    {0x061c, 0x061c},   // directions of text
    {0x180e, 0x180e},   // without width
    {0x200b, 0x200f},   // without width; directions
    {0x2028, 0x202e},   // ends of lines; directions
    {0x2060, 0x206f},   // without width; directions
    {0xd800, 0xf8ff},   // surrogates and private use
    {0xfdd0, 0xfdef},   // no characters
    {0xfeff, 0xfeff},   // byte order mark
    {0xfff0, 0xfffb},   // annotations
    {0xfffe, 0xffff},   // no characters
    {0xe0000, 0x10ffff} // tags, variation selectors, private use
}};

bool contains(std::span<const range> ranges, char32_t c) noexcept
{
    const auto after =
        std::upper_bound(ranges.begin(), ranges.end(), c, [](char32_t x, const range& r) {
            return x < r.first;
        });
    return after != ranges.begin() && c <= std::prev(after)->last;
}

bool is_continuation(char c) noexcept
{
    return (static_cast<unsigned char>(c) & 0xc0) == 0x80;
}

template <class... Args>
std::string formatted(const char* format, Args... args)
{
    std::array<char, 64> text{};
    const int n = std::snprintf(text.data(), text.size(), format, args...);
    return std::string(text.data(), static_cast<std::size_t>(n));
}

std::string number(std::uint64_t n)
{
    return std::to_string(n);
}

std::string escaped(std::string_view bytes, const decoded& next)
{
    if (next.character == '\n' && next.valid)
        return "\\n";
    if (next.character == '\t' && next.valid)
        return "\\t";
    if (next.valid && next.character > 0x7f)
        return formatted("\\u{%x}", static_cast<unsigned>(next.character));
    return formatted("\\x%02x", static_cast<unsigned>(static_cast<unsigned char>(bytes.front())));
}

bool is_plain_ascii(std::string_view text) noexcept
{
    return std::all_of(text.begin(), text.end(), [](char c) { return c >= ' ' && c < 0x7f; });
}

/// How many bytes of `text` stand in its first `columns` columns.
std::size_t bytes_within(std::string_view text, std::size_t columns) noexcept
{
    std::size_t at = 0;
    std::size_t used = 0;
    while (at < text.size()) {
        const decoded next = first_character(text.substr(at));
        used += columns_of(next.character);
        if (used > columns)
            break;
        at += next.bytes;
    }
    return at;
}

} // namespace

decoded first_character(std::string_view text) noexcept
{
    const auto lead = static_cast<unsigned char>(text.front());
    if (lead < 0x80)
        return {lead, 1, true};
    const std::size_t bytes = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
    const decoded invalid{lead, 1, false};
    if (lead < 0xc2 || lead > 0xf4 || text.size() < bytes)
        return invalid;
    char32_t character = lead & (0x7fU >> bytes);
    for (std::size_t i = 1; i < bytes; ++i) {
        if (!is_continuation(text[i]))
            return invalid;
        character = character << 6 | (static_cast<unsigned char>(text[i]) & 0x3fU);
    }
    constexpr std::array<char32_t, 5> least{0, 0, 0x80, 0x800, 0x10000};
    const bool surrogate = character >= 0xd800 && character <= 0xdfff;
    if (character < least[bytes] || surrogate || character > 0x10ffff)
        return invalid;
    return {character, bytes, true};
}

std::string utf8(char32_t character)
{
    const auto byte = [](char32_t bits) { return static_cast<char>(bits); };
    if (character < 0x80)
        return {byte(character)};
    std::string text;
    if (character < 0x800) {
        text += byte(0xc0 | character >> 6);
    } else {
        if (character < 0x10000) {
            text += byte(0xe0 | character >> 12);
        } else {
            text += byte(0xf0 | character >> 18);
            text += byte(0x80 | (character >> 12 & 0x3f));
        }
        text += byte(0x80 | (character >> 6 & 0x3f));
    }
    text += byte(0x80 | (character & 0x3f));
    return text;
}

std::size_t columns_of(char32_t character) noexcept
{
    if (character < 0x300)
        return 1;
    return contains(combining, character) ? 0 : contains(wide, character) ? 2 : 1;
}

std::size_t columns_of(std::string_view text) noexcept
{
    std::size_t columns = 0;
    while (!text.empty()) {
        const decoded next = first_character(text);
        columns += columns_of(next.character);
        text.remove_prefix(next.bytes);
    }
    return columns;
}

std::string printable(std::string_view bytes)
{
    if (is_plain_ascii(bytes))
        return std::string(bytes);
    std::string text;
    while (!bytes.empty()) {
        const decoded next = first_character(bytes);
        if (next.valid && !contains(dangerous, next.character))
            text += bytes.substr(0, next.bytes);
        else
            text += escaped(bytes, next);
        bytes.remove_prefix(next.bytes);
    }
    return text;
}

std::string clipped(std::string_view text, std::size_t columns)
{
    if (columns_of(text) <= columns)
        return std::string(text);
    if (columns == 0)
        return "";
    return std::string(text.substr(0, bytes_within(text, columns - 1))) + "…";
}

std::string without_first(std::string_view text, std::size_t columns)
{
    return std::string(text.substr(bytes_within(text, columns)));
}

std::string fitted(std::string_view text, std::size_t columns, alignment side)
{
    std::string result = clipped(text, columns);
    const std::string space(columns - columns_of(result), ' ');
    return side == alignment::left ? result + space : space + result;
}

std::string ascii(std::string_view text)
{
    std::string result;
    while (!text.empty()) {
        const decoded next = first_character(text);
        switch (next.character) {
        case U'─': result += '-'; break;
        case U'│': result += '|'; break;
        case U'├': result += '+'; break;
        case U'└': result += '`'; break;
        case U'…': result += '~'; break;
        default:
            result += next.character < 0x80 ? std::string(1, static_cast<char>(next.character))
                                            : std::string(columns_of(next.character), '?');
        }
        text.remove_prefix(next.bytes);
    }
    return result;
}

std::string milliseconds(std::uint64_t ms)
{
    const std::uint64_t seconds = ms / 1000;
    const std::uint64_t minutes = seconds / 60;
    const std::uint64_t hours = minutes / 60;
    if (ms < 1000)
        return number(ms) + " ms";
    if (seconds < 60) // cut, not rounded: 60.0 s would be a minute
        return number(seconds) + "." + number(ms % 1000 / 100) + " s";
    if (minutes < 60)
        return number(minutes) + " min " + number(seconds % 60) + " s";
    if (hours < 24)
        return number(hours) + " h " + number(minutes % 60) + " min";
    return number(hours / 24) + " d " + number(hours % 24) + " h";
}

std::string microseconds(std::uint64_t us)
{
    if (us < 100)
        return number(us) + " us";
    if (us < 100'000)
        return number(us / 1000) + "." + number(us % 1000 / 100) + " ms";
    return milliseconds(us / 1000);
}

std::string rate(double per_second)
{
    if (per_second < 0.05)
        return "0";
    if (per_second < 9.95)
        return formatted("%.1f", per_second);
    if (per_second < 9999.5)
        return formatted("%.0f", per_second);
    if (per_second < 999'500)
        return formatted("%.0fk", per_second / 1e3);
    return formatted("%.1fM", per_second / 1e6);
}

std::string counted(std::uint64_t n, std::string_view noun)
{
    return number(n) + " " + std::string(noun) + (n == 1 ? "" : "s");
}

} // namespace top
