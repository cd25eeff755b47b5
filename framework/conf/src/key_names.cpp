// SPDX-License-Identifier: BSL-1.0
#include "key_names.hpp"

#include "described.hpp"

#include <algorithm>

namespace rill::conf::detail {

bool is_key_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-' || c == '"' || c == '\'' || static_cast<unsigned char>(c) >= 0x80;
}

bool is_name(std::string_view name)
{
    const auto is_part = [](const std::string& part) {
        return !part.empty() && std::all_of(part.begin(), part.end(), [](char c) {
            return is_key_letter(c) && static_cast<unsigned char>(c) < 0x80;
        });
    };
    const auto parts = split(name, ".");
    return std::all_of(parts.begin(), parts.end(), is_part);
}

std::string first_word(std::string_view text)
{
    const auto end = std::find_if_not(text.begin(), text.end(), [](char c) {
        return is_key_letter(c) || c == '.';
    });
    return {text.begin(), end};
}

std::string guessed_name(const statement& header)
{
    std::string name = first_word(header.name);
    while (name.ends_with('.'))
        name.pop_back();
    return is_name(name) ? name : "section";
}

} // namespace rill::conf::detail
