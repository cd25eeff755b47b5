// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "canvas.hpp"

#include <cstddef>
#include <cstdio>
#include <memory>
#include <optional>
#include <vector>

namespace top {

/// The terminal, from its construction to its destruction: then it is as it was before. One at a
/// time.
class screen {
public:
    /// Colours: unless NO_COLOR is set, or the terminal has none. std::runtime_error if there is no
    /// terminal, or if its type is not known.
    screen();
    ~screen();

    screen(const screen&) = delete;
    screen& operator=(const screen&) = delete;

    std::size_t rows() const;
    std::size_t columns() const;

    /// To be called when the terminal has changed its size.
    void resize();

    void draw(const std::vector<line>& lines);

    /// Never waits; empty: none was pressed.
    std::optional<key_press> next_key();

    /// Becomes readable when a key is pressed. A description of its own, so that making it
    /// non-blocking does not touch the shell's.
    int input() const;

private:
    struct terminal;
    std::unique_ptr<terminal> terminal_;
};

} // namespace top
