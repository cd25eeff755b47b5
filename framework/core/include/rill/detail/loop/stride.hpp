// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/clock.hpp>
#include <rill/detail/form.hpp>

#include <algorithm>
#include <chrono>
#include <cstdint>

namespace rill::RILL_FORM::detail {

/// How many steps a loop takes in a turn, until what comes from outside is served: sockets, other
/// threads, signals.
///
/// Looking there costs as much as dozens of short steps, and whoever waits there waits for all
/// steps in between. So a turn has 61 of them, or fewer, so that it lasts a tenth of a millisecond.
/// Within a turn the loop looks at its clock after 4 and 16 steps: steps may become long suddenly.
class stride {
public:
    static constexpr std::uint64_t most = 61;
    static constexpr duration longest = std::chrono::microseconds(100);

    /// For tests: every turn has so many.
    void fix(std::uint64_t steps) noexcept
    {
        length_ = steps;
        fixed_ = true;
    }

    /// A turn begins: how many steps it is to the first look.
    std::uint64_t begin() const noexcept { return std::min(length_, first_look); }

    /// After a look: how many it is to the next one; 0 where the turn ends.
    std::uint64_t after(std::uint64_t steps, duration took) noexcept
    {
        if (fixed_)
            return length_ - std::min(length_, steps);
        if (took >= longest) {
            length_ = std::max<std::uint64_t>(1, steps * longest / took);
            return 0;
        }
        if (steps >= length_) {
            length_ = std::min(most, 2 * length_);
            return 0;
        }
        return std::min(length_, 4 * steps) - steps;
    }

private:
    static constexpr std::uint64_t first_look = 4;

    std::uint64_t length_ = most;
    bool fixed_ = false;
};

} // namespace rill::RILL_FORM::detail
