// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/clock.hpp>
#include <rill/detail/form.hpp>

#include <chrono>

namespace rill::RILL_FORM::testing {

/// A clock that moves only when it is told to.
class manual_clock final : public clock_source {
public:
    time_point now() const noexcept override { return now_; }

    /// It is the first hour of the year 2000 at the start, so that every run shows the same times.
    std::chrono::system_clock::time_point wall_now() const noexcept override
    {
        using namespace std::chrono;
        return sys_days(year(2000) / 1 / 1) +
               duration_cast<system_clock::duration>(now_.time_since_epoch());
    }

    /// Never backwards.
    void move_to(time_point t) noexcept
    {
        if (t > now_)
            now_ = t;
    }

private:
    time_point now_ = time_point() + std::chrono::hours(1); // so that tests can look back
};

} // namespace rill::RILL_FORM::testing
