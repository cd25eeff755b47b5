// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/clock.hpp>
#include <rill/detail/form.hpp>

namespace rill::RILL_FORM::detail {

/// A point in time, or a duration from the moment when the wait begins.
class deadline {
public:
    static deadline at(time_point t) noexcept { return {t, forever}; }

    static deadline in(duration d) noexcept { return {never, d}; }

    time_point counted_from(time_point now) const noexcept
    {
        return in_ == forever ? at_ : deadline_after(now, in_);
    }

private:
    deadline(time_point at, duration in) noexcept
        : at_(at)
        , in_(in)
    {}

    time_point at_;
    duration in_;
};

} // namespace rill::RILL_FORM::detail
