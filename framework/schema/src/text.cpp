// SPDX-License-Identifier: BSL-1.0
#include <rill/detail/described/text.hpp>

namespace rill::described {

namespace {

void add_visible(std::string& out, char c)
{
    static constexpr char digits[] = "0123456789abcdef";
    const auto byte = static_cast<unsigned char>(c);
    if (c == '\n')
        out += "\\n";
    else if (c == '\r')
        out += "\\r";
    else if (c == '\t')
        out += "\\t";
    else if (byte < 0x20 || byte == 0x7f)
        ((out += "\\u00") += digits[byte >> 4]) += digits[byte & 15];
    else
        out += c;
}

} // namespace

std::string visible(std::string_view text)
{
    std::string out;
    for (const char c : text)
        add_visible(out, c);
    return out;
}

std::string in_quotes(std::string_view text)
{
    std::string out = "\"";
    for (const char c : text) {
        if (c == '"' || c == '\\')
            out += '\\';
        add_visible(out, c);
    }
    return out += '"';
}

std::string in_quotes_briefly(std::string_view text)
{
    constexpr std::size_t most = 40;
    if (text.size() <= most)
        return in_quotes(text);
    std::size_t end = most;
    while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80) // inside a character
        --end;
    return in_quotes(std::string{text.substr(0, end)} + "…");
}

std::string one_of(const std::vector<std::string>& words)
{
    std::string out;
    for (std::size_t i = 0; i < words.size(); ++i) {
        if (i > 0)
            out += i + 1 == words.size() ? " or " : ", ";
        out += words[i];
    }
    return out;
}

std::string_view trimmed(std::string_view text)
{
    constexpr std::string_view blank = " \t\r\n";
    const auto first = text.find_first_not_of(blank);
    if (first == std::string_view::npos)
        return {};
    return text.substr(first, text.find_last_not_of(blank) - first + 1);
}

std::vector<std::string> split(std::string_view text, std::string_view separator)
{
    std::vector<std::string> parts;
    for (;;) {
        const auto at = text.find(separator);
        parts.emplace_back(text.substr(0, at));
        if (at == std::string_view::npos)
            return parts;
        text.remove_prefix(at + separator.size());
    }
}

std::string joined(std::string_view a, std::string_view b)
{
    std::string out{a};
    if (!out.empty())
        out += '.';
    return out += b;
}

} // namespace rill::described
