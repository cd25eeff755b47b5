// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/detail/loop/loop_core.hpp>
#include <rill/interval.hpp>
#include <rill/sleep.hpp>

#include <stdexcept>

namespace rill::RILL_FORM {

RILL_DECL interval::interval(duration period, missed_ticks missed)
    : period_(period)
    , missed_(missed)
{
    if (period <= duration::zero())
        throw std::invalid_argument("rill::interval: the period must be above zero");
}

RILL_DECL interval::interval(time_point start, duration period, missed_ticks missed)
    : interval(period, missed)
{
    next_ = start;
}

RILL_DECL awaitable<time_point> interval::tick(std::source_location where)
{
    auto& core = detail::loop_core::of(co_await asio::this_coro::executor);
    const time_point due = next_.value_or(core.now());
    co_await sleep_until(due, where);
    next_ = after(due, core.now());
    co_return due;
}

RILL_DECL void interval::reset()
{
    next_ = detail::deadline_after(detail::loop_core::running().now(), period_);
}

RILL_DECL time_point interval::after(time_point due, time_point now) const noexcept
{
    const time_point next = detail::deadline_after(due, period_);
    if (next > now || missed_ == missed_ticks::burst)
        return next;
    return missed_ == missed_ticks::delay
               ? detail::deadline_after(now, period_)
               : detail::deadline_after(now - (now - due) % period_, period_);
}

} // namespace rill::RILL_FORM
