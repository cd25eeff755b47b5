// SPDX-License-Identifier: BSL-1.0
#include <rill/detail/log/escape.hpp>

namespace rill::log::detail {

namespace {

unsigned byte(char c)
{
    return static_cast<unsigned char>(c);
}

/// The length of the UTF-8 sequence at the front of `text`; 0 if there is none.
std::size_t sequence(std::string_view text)
{
    const unsigned lead = byte(text.front());
    const std::size_t length = lead < 0x80                   ? 1
                               : lead >= 0xc2 && lead < 0xe0 ? 2
                               : lead >= 0xe0 && lead < 0xf0 ? 3
                               : lead >= 0xf0 && lead < 0xf5 ? 4
                                                             : 0;
    if (length == 0 || text.size() < length)
        return 0;
    for (std::size_t i = 1; i < length; ++i)
        if ((byte(text[i]) & 0xc0) != 0x80)
            return 0;
    const bool surrogate = lead == 0xed && byte(text[1]) >= 0xa0;
    const bool overlong =
        (lead == 0xe0 && byte(text[1]) < 0xa0) || (lead == 0xf0 && byte(text[1]) < 0x90);
    const bool beyond = lead == 0xf4 && byte(text[1]) >= 0x90;
    return surrogate || overlong || beyond ? 0 : length;
}

/// C0, DEL and C1: what a terminal could take for an order.
bool is_control(std::string_view character)
{
    const unsigned first = byte(character.front());
    return first < 0x20 || first == 0x7f ||
           (character.size() == 2 && first == 0xc2 && byte(character[1]) < 0xa0);
}

} // namespace

void append_escaped(std::string_view text, std::string& out)
{
    static constexpr char digits[] = "0123456789abcdef";
    while (!text.empty()) {
        const auto length = sequence(text);
        const auto character = text.substr(0, length);
        if (length == 0) {
            out += "\xef\xbf\xbd"; // the replacement character
        } else if (character == "\"" || character == "\\") {
            (out += '\\') += character;
        } else if (character == "\n") {
            out += "\\n";
        } else if (character == "\r") {
            out += "\\r";
        } else if (character == "\t") {
            out += "\\t";
        } else if (is_control(character)) {
            const unsigned code = byte(character.back());
            ((out += "\\u00") += digits[code >> 4 & 15]) += digits[code & 15];
        } else {
            out += character;
        }
        text.remove_prefix(length == 0 ? 1 : length);
    }
}

void append_quoted(std::string_view text, std::string& out)
{
    out += '"';
    append_escaped(text, out);
    out += '"';
}

} // namespace rill::log::detail
