// SPDX-License-Identifier: BSL-1.0
#include "shift.hpp"

namespace rill::conf::detail {

namespace {

constexpr char32_t shift = 0x100000;

unsigned byte(char c)
{
    return static_cast<unsigned char>(c);
}

/// The length of the sequence at the front, from 2 to 4; 0 if it is ASCII or no UTF-8.
std::size_t sequence(std::string_view text)
{
    const unsigned lead = byte(text.front());
    const std::size_t length = lead >= 0xf0 && lead < 0xf5 ? 4
                               : lead >= 0xe0              ? 3
                               : lead >= 0xc2              ? 2
                                                           : 0;
    if (length == 0 || lead >= 0xf5 || text.size() < length)
        return 0;
    for (std::size_t i = 1; i < length; ++i)
        if ((byte(text[i]) & 0xc0) != 0x80)
            return 0;
    return length;
}

char32_t decoded(std::string_view sequence)
{
    char32_t c = byte(sequence.front()) & (0xffU >> (sequence.size() + 1));
    for (const char each : sequence.substr(1))
        c = c << 6 | (byte(each) & 0x3f);
    return c;
}

void append(std::string& to, char32_t c)
{
    const auto put = [&to](char32_t bits) { to += static_cast<char>(bits); };
    if (c >= 0x10000) {
        put(0xf0 | c >> 18);
        put(0x80 | (c >> 12 & 0x3f));
    } else if (c >= 0x800) {
        put(0xe0 | c >> 12);
    } else {
        put(0xc0 | c >> 6);
        put(0x80 | (c & 0x3f));
        return;
    }
    put(0x80 | (c >> 6 & 0x3f));
    put(0x80 | (c & 0x3f));
}

/// Each sequence goes through `change`; what is no sequence stays as it is.
template <class Change>
std::string changed(std::string_view text, Change change)
{
    std::string out;
    out.reserve(text.size());
    while (!text.empty()) {
        const auto length = sequence(text);
        if (length == 0)
            out += text.front();
        else
            append(out, change(decoded(text.substr(0, length))));
        text.remove_prefix(length == 0 ? 1 : length);
    }
    return out;
}

} // namespace

std::string shifted_up(std::string_view text)
{
    return changed(text, [](char32_t c) {
        const bool surrogate = c >= 0xd800 && c < 0xe000;
        return c < 0x10000 && !surrogate ? c + shift : c;
    });
}

std::string shifted_down(std::string_view text)
{
    return changed(text, [](char32_t c) { return c >= shift ? c - shift : c; });
}

std::size_t find_unshiftable(std::string_view text)
{
    for (std::size_t i = text.find('\xf4'); i != text.npos; i = text.find('\xf4', i + 1))
        if (sequence(text.substr(i)) == 4)
            return i;
    return text.npos;
}

} // namespace rill::conf::detail
