// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

/// Character classes of RFC 9110 section 5.6 and RFC 3986, and the scans built on them.
namespace rill::http::detail {

enum char_class : std::uint8_t {
    tchar = 1,        // RFC 9110 section 5.6.2
    target_char = 2,  // what a request target may contain
    host_char = 4,    // reg-name of RFC 3986 without comma and percent
    digit_char = 8,   //
    control_char = 16 // anything a field value may not contain (RFC 9110 section 5.5)
};

constexpr std::array<std::uint8_t, 256> make_char_classes()
{
    std::array<std::uint8_t, 256> classes{};
    const auto add = [&](std::string_view chars, char_class which) {
        for (const char c : chars)
            classes[static_cast<unsigned char>(c)] |= which;
    };
    for (std::size_t c = 0; c < 256; ++c) {
        const bool digit = c >= '0' && c <= '9';
        const bool alpha = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        if (digit || alpha)
            classes[c] |= tchar | host_char;
        if (digit)
            classes[c] |= digit_char;
        if ((c < 0x20 && c != '\t') || c == 0x7f)
            classes[c] |= control_char;
        // Visible ASCII, less what no client leaves unescaped: quotation mark, angle brackets and
        // the fragment's number sign. Browsers do send { | } \ ^ and ` as they are.
        if (c > 0x20 && c < 0x7f && c != '"' && c != '<' && c != '>' && c != '#')
            classes[c] |= target_char;
    }
    add("!#$%&'*+-.^_`|~", tchar);
    add("-._~!$&'()*+;=", host_char);
    return classes;
}

inline constexpr auto char_classes = make_char_classes();

constexpr bool is(char c, char_class which) noexcept
{
    return (char_classes[static_cast<unsigned char>(c)] & which) != 0;
}

constexpr bool all(std::string_view text, char_class which) noexcept
{
    for (const char c : text)
        if (!is(c, which))
            return false;
    return true;
}

constexpr bool is_token(std::string_view text) noexcept
{
    return !text.empty() && all(text, tchar);
}

constexpr char to_lower(char c) noexcept
{
    const bool upper = static_cast<unsigned char>(c - 'A') < 26;
    return static_cast<char>(c | static_cast<char>(upper << 5));
}

/// Whether `text` is `lower` in any spelling; `lower` is given in lower case.
constexpr bool equals_lower(std::string_view text, std::string_view lower) noexcept
{
    if (text.size() != lower.size())
        return false;
    for (std::size_t i = 0; i < text.size(); ++i)
        if (to_lower(text[i]) != lower[i])
            return false;
    return true;
}

/// Whether two texts differ at most in the case of ASCII letters.
constexpr bool equals_ignoring_case(std::string_view a, std::string_view b) noexcept
{
    if (a.size() != b.size())
        return false;
    for (std::size_t i = 0; i < a.size(); ++i)
        if (to_lower(a[i]) != to_lower(b[i]))
            return false;
    return true;
}

/// Value of a hexadecimal digit; -1 for anything else.
constexpr int hex_value(char c) noexcept
{
    if (c >= '0' && c <= '9')
        return c - '0';
    const char lower = to_lower(c);
    return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

/// `text` without optional whitespace at both ends (RFC 9110 section 5.6.3).
constexpr std::string_view trim(std::string_view text) noexcept
{
    const auto blank = [](char c) { return c == ' ' || c == '\t'; };
    while (!text.empty() && blank(text.front()))
        text.remove_prefix(1);
    while (!text.empty() && blank(text.back()))
        text.remove_suffix(1);
    return text;
}

/// Calls f(element) for each trimmed, non-empty element of a comma-separated list.
template <class F>
constexpr void for_each_element(std::string_view list, F&& f)
{
    while (true) {
        const auto comma = list.find(',');
        const auto element = trim(list.substr(0, comma));
        if (!element.empty())
            f(element);
        if (comma == std::string_view::npos)
            return;
        list.remove_prefix(comma + 1);
    }
}

/// Whether `text` is `Lower`, a word of lower-case letters and hyphens, in any case. `text` has no
/// control characters: then one bit is all that an upper-case letter differs in, and the comparison
/// is a few instructions for a whole word.
template <std::size_t N>
constexpr bool is_word(std::string_view text, const char (&lower)[N]) noexcept
{
    if (text.size() != N - 1)
        return false;
    unsigned difference = 0;
    for (std::size_t i = 0; i < N - 1; ++i)
        difference |= static_cast<unsigned>((text[i] | 0x20) ^ lower[i]);
    return difference == 0;
}

#if defined(__SSE2__)
/// Bit i is set if byte i of these 16 is a control character that no field value may contain.
inline unsigned control_mask(const char* p) noexcept
{
    const __m128i v = _mm_loadu_si128(reinterpret_cast<const __m128i*>(p));
    const __m128i low = _mm_cmpeq_epi8(_mm_min_epu8(v, _mm_set1_epi8(0x1f)), v);
    const __m128i tab = _mm_cmpeq_epi8(v, _mm_set1_epi8('\t'));
    const __m128i del = _mm_cmpeq_epi8(v, _mm_set1_epi8(0x7f));
    return static_cast<unsigned>(_mm_movemask_epi8(_mm_or_si128(_mm_andnot_si128(tab, low), del)));
}
#endif

/// First byte in [p, end) that no field value may contain: in a valid head, the CR of a line end.
/// The bytes from `begin` to `p` may be read too.
inline const char*
find_control([[maybe_unused]] const char* begin, const char* p, const char* end) noexcept
{
#if defined(__SSE2__)
    for (; end - p >= 16; p += 16)
        if (const unsigned mask = control_mask(p))
            return p + __builtin_ctz(mask);
    if (end - begin >= 16 && p != end) { // the rest, with bytes before it that are shifted out
        const auto before = 16 - (end - p);
        const unsigned mask = control_mask(end - 16) >> before;
        return mask ? p + __builtin_ctz(mask) : end;
    }
#endif
    while (p != end && !is(*p, control_char))
        ++p;
    return p;
}

} // namespace rill::http::detail
