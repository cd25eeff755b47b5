// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/clock.hpp>
#include <rill/detail/form.hpp>

#include <chrono>
#include <cstddef>
#include <stdexcept>

namespace rill::RILL_FORM {

/// How much a writer buffers, and for how long a peer may not read.
class write_options {
public:
    write_options() {}

    /// In bytes: drain waits while more than `high` are buffered, until it is `low` or less.
    /// Mirrors set_write_buffer_limits. std::invalid_argument unless low <= high.
    write_options& watermarks(std::size_t high_mark, std::size_t low_mark)
    {
        if (low_mark > high_mark)
            throw std::invalid_argument(
                "rill::write_options: the low watermark must not be above the high one"
            );
        high = high_mark;
        low = low_mark;
        return *this;
    }

    /// A peer that takes nothing for so long is cut. `forever`: it may take its time.
    write_options& write_stall(duration d)
    {
        stall = d;
        return *this;
    }

    std::size_t high = 64 * 1024;
    std::size_t low = 16 * 1024;
    duration stall = std::chrono::seconds(30);
};

} // namespace rill::RILL_FORM
