// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/detail/form.hpp>

#include <chrono>

namespace rill::RILL_FORM {

/// The time base of every deadline: monotonic, nanoseconds. Mirrors loop.time().
using clock = std::chrono::steady_clock;
using duration = clock::duration;
using time_point = clock::time_point;

/// A deadline that never comes; a timeout that never ends.
inline constexpr time_point never = time_point::max();
inline constexpr duration forever = duration::max();

/// Where a loop reads the time. Replaced, a loop waits for no real time: whoever owns the clock
/// fires what is due (rill::testing does).
class clock_source {
public:
    virtual time_point now() const noexcept = 0;

    /// The time of day, for what is shown and sent; no deadline goes by it.
    virtual std::chrono::system_clock::time_point wall_now() const noexcept
    {
        return std::chrono::system_clock::now();
    }

protected:
    ~clock_source() = default;
};

namespace detail {

/// `now + d` without overflow, so that `forever` and days beyond the clock's range mean never.
constexpr time_point deadline_after(time_point now, duration d) noexcept
{
    return d > never - now ? never : now + d;
}

/// A duration of any unit without overflow: what is as long as the clock's range, or longer, is
/// `forever`.
template <class Rep, class Period>
constexpr duration saturated(std::chrono::duration<Rep, Period> d) noexcept
{
    using unit = std::chrono::duration<Rep, Period>;
    if (d >= std::chrono::duration_cast<unit>(forever))
        return forever;
    if (d <= std::chrono::duration_cast<unit>(duration::min()))
        return duration::min();
    return std::chrono::duration_cast<duration>(d);
}

} // namespace detail
} // namespace rill::RILL_FORM
