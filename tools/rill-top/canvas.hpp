// SPDX-License-Identifier: BSL-1.0
//
// What a screen shows, apart from any terminal.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace top {

enum class style : std::uint8_t { plain, title, heading, selected, alarm, warning, good, dim };

/// A line of printable text in one style.
struct line {
    std::string text;
    style look = style::plain;
};

enum class key : std::uint8_t {
    character,
    up,
    down,
    left,
    right,
    page_up,
    page_down,
    home,
    end,
    enter,
    escape,
    backspace,
    unknown,
};

struct key_press {
    key what = key::unknown;
    char32_t character = 0; // of key::character
};

} // namespace top
