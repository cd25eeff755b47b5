// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/detail/watch/describe.hpp>

#include <chrono>

namespace rill::RILL_FORM::detail {

RILL_DECL std::string text_of(duration d)
{
    if (d == forever)
        return "forever";
    const double ns = static_cast<double>(std::chrono::nanoseconds(d).count());
    const double size = ns < 0 ? -ns : ns;
    char text[40];
    if (size < 1e3)
        std::snprintf(text, sizeof text, "%gns", ns);
    else if (size < 1e6)
        std::snprintf(text, sizeof text, "%.4gus", ns / 1e3);
    else if (size < 1e9)
        std::snprintf(text, sizeof text, "%.4gms", ns / 1e6);
    else
        std::snprintf(text, sizeof text, "%.10gs", ns / 1e9);
    return text;
}

RILL_DECL std::string counted(std::size_t n, std::string_view one, std::string_view many)
{
    return std::to_string(n) + " " + std::string(n == 1 ? one : many);
}

RILL_DECL std::string and_waiting(std::size_t n, std::string_view one, std::string_view many)
{
    return n == 0 ? std::string() : ", " + counted(n, one, many);
}

RILL_DECL std::string text_of(const std::source_location& place)
{
    if (place.line() == 0)
        return {};
    std::string_view file = place.file_name();
    file.remove_prefix(file.rfind('/') + 1); // npos + 1 is 0
    return std::string(file) + ":" + std::to_string(place.line());
}

RILL_DECL std::string at(const std::source_location& place)
{
    const std::string text = text_of(place);
    return text.empty() ? text : " at " + text;
}

RILL_DECL bool begins_operator(std::string_view text, std::size_t i)
{
    constexpr std::string_view word = "operator";
    const auto in_word = [](char c) {
        return std::isalnum(static_cast<unsigned char>(c)) || c == '_';
    };
    if (!text.substr(i).starts_with(word) || (i > 0 && in_word(text[i - 1])))
        return false;
    return i + word.size() == text.size() || !in_word(text[i + word.size()]);
}

RILL_DECL std::string_view name_of_function(std::string_view text)
{
    const auto is_open = [](char c) { return c == '<' || c == '('; };
    const auto is_close = [](char c) { return c == '>' || c == ')'; };
    int depth = 0;
    std::size_t begin = 0;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const std::string_view rest = text.substr(i);
        if (depth == 0 && begins_operator(text, i))
            return text.substr(begin); // whatever comes, it is part of the name
        if (depth == 0 && i > begin &&
            (rest.starts_with("(anonymous") || rest.starts_with("<lambda")))
            return text.substr(begin, i - begin - 2); // without the "::"
        if (depth == 0 && text[i] == '(' && !rest.starts_with("(anonymous"))
            return text.substr(begin, i - begin);
        if (is_open(text[i]))
            ++depth;
        else if (is_close(text[i]))
            --depth;
        else if (depth == 0 && text[i] == ' ')
            begin = i + 1;
    }
    return text.substr(begin);
}

RILL_DECL bool is_of_library(std::string_view function)
{
    const std::string_view name = name_of_function(function);
    return name.starts_with("rill::") || name.starts_with("boost::") || name.starts_with("std::");
}

RILL_DECL bool is_of_library(const std::source_location& place)
{
    return place.line() == 0 || is_of_library(std::string_view(place.function_name()));
}

} // namespace rill::RILL_FORM::detail
