// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/clock.hpp>
#include <rill/detail/form.hpp>

namespace rill::RILL_FORM::testing {

/// A clock that moves only when it is told to.
class manual_clock final : public clock_source {
public:
    time_point now() const noexcept override { return now_; }

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
