// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/clock.hpp>
#include <rill/extend.hpp>

namespace rill::http::detail {

/// The time as the connections of a server see it: read once a tick, for all of them.
class coarse_clock {
public:
    /// Whoever moves it does so at least once in each `tick`.
    explicit coarse_clock(duration tick) noexcept
        : tick_(tick)
    {}

    duration tick() const noexcept { return tick_; }

    /// Late by less than a tick.
    time_point now() const noexcept { return now_; }

    void move_to(time_point now) noexcept { now_ = now; }

    /// The point in time `d` from now, counted so that it never comes early.
    time_point in(duration d) const noexcept
    {
        return extend::deadline_after(now_, d > forever - tick_ ? forever : d + tick_);
    }

private:
    duration tick_;
    time_point now_{};
};

} // namespace rill::http::detail
