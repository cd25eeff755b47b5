// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/clock.hpp>

#include <chrono>
#include <cstdio>
#include <source_location>
#include <string>
#include <string_view>

namespace rill::detail {

/// As people write it: "250ms", "1.5s", "20us".
inline std::string text_of(duration d)
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

/// "orders.cpp:42"; empty where the place is not known.
inline std::string text_of(const std::source_location& place)
{
    if (place.line() == 0)
        return {};
    std::string_view file = place.file_name();
    file.remove_prefix(file.rfind('/') + 1); // npos + 1 is 0
    return std::string(file) + ":" + std::to_string(place.line());
}

/// " at orders.cpp:42"; empty where the place is not known.
inline std::string at(const std::source_location& place)
{
    const std::string text = text_of(place);
    return text.empty() ? text : " at " + text;
}

} // namespace rill::detail
