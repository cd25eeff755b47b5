// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/rate_limiter.hpp>

#include <algorithm>
#include <stdexcept>

namespace rill::RILL_FORM {

RILL_DECL void rate_limiter::waiter::start()
{
    if (limiter_->try_acquire(count)) {
        complete();
        return;
    }
    limiter_->waiters_.add(*this);
    if (limiter_->waiters_.front() == this)
        limiter_->serve();
}

RILL_DECL void rate_limiter::waiter::on_cancel()
{
    const bool was_first = limiter_->waiters_.front() == this;
    abort();
    if (was_first)
        limiter_->serve();
}

RILL_DECL void rate_limiter::waiter::describe_to(std::string& text) const
{
    text = limiter_->called("a rate limiter");
    if (count > 1)
        text = std::to_string(count) + " permits of " + text;
}

RILL_DECL rate_limiter::rate_limiter(
    const asio::any_io_executor& ex, std::ptrdiff_t n, duration interval, std::ptrdiff_t burst
)
    : primitive(ex)
    , timer_node(&on_due)
    , n_(n)
    , interval_(std::chrono::nanoseconds(interval).count())
    , burst_(burst)
    , saved_(parts_of(burst))
    , since_(core_->now())
{
    check_settings();
}

/// A wait of a select that is aborted cancels its siblings, and these would have those behind them
/// served.
RILL_DECL rate_limiter::~rate_limiter()
{
    dying_ = true;
    waiters_.abort_all();
    if (armed())
        core_->disarm(*this);
}

RILL_DECL void rate_limiter::check_settings() const
{
    if (n_ < 1 || interval_ < 1 || burst_ < 1)
        throw std::invalid_argument(
            "rill::rate_limiter: " + std::to_string(n_) + " permits in " +
            std::to_string(interval_) + "ns with a burst of " + std::to_string(burst_) +
            "; each must be positive"
        );
}

RILL_DECL std::ptrdiff_t rate_limiter::checked(std::ptrdiff_t n) const
{
    if (n < 1 || n > burst_)
        throw std::invalid_argument(
            "rill::rate_limiter: " + std::to_string(n) + " permits; from 1 to " +
            std::to_string(burst_) + ", its burst, can be acquired"
        );
    return n;
}

RILL_DECL rate_limiter::parts rate_limiter::parts_of(std::ptrdiff_t permits) const noexcept
{
    return static_cast<parts>(permits) * static_cast<parts>(interval_);
}

RILL_DECL rate_limiter::parts rate_limiter::saved_at(time_point now) const noexcept
{
    const std::int64_t passed = std::chrono::nanoseconds(now - since_).count();
    const parts earned = passed > 0 ? static_cast<parts>(passed) * static_cast<parts>(n_) : 0;
    return std::min(parts_of(burst_), saved_ + earned);
}

RILL_DECL bool rate_limiter::take(std::ptrdiff_t n, time_point now) noexcept
{
    saved_ = saved_at(now);
    since_ = std::max(since_, now);
    if (saved_ < parts_of(n))
        return false;
    saved_ -= parts_of(n);
    return true;
}

/// Until `n` permits have been saved up, if none is taken before; rounded up to the nanosecond.
RILL_DECL duration rate_limiter::time_until(std::ptrdiff_t n) const noexcept
{
    const parts missing = parts_of(n) - saved_;
    const parts wait = (missing + static_cast<parts>(n_) - 1) / static_cast<parts>(n_);
    const auto most = static_cast<parts>(forever.count());
    return std::chrono::nanoseconds(static_cast<std::int64_t>(std::min(wait, most)));
}

RILL_DECL bool rate_limiter::try_acquire(std::ptrdiff_t n)
{
    note_use("a rate limiter");
    checked(n);
    return waiters_.empty() && take(n, core_->now());
}

/// Gives to those who wait what is there, in their order, and waits for what the next one wants.
RILL_DECL void rate_limiter::serve()
{
    if (dying_)
        return;
    core_->disarm(*this);
    const time_point now = core_->now();
    while (waiter* first = waiters_.front()) {
        if (!take(first->count, now)) {
            core_->disarm(*this); // a grant to a select has its siblings leave, which serves others
            core_->arm(*this, detail::deadline_after(now, time_until(first->count)));
            return;
        }
        waiters_.grant(*first);
    }
}

RILL_DECL std::ptrdiff_t rate_limiter::available() const noexcept
{
    return static_cast<std::ptrdiff_t>(saved_at(core_->now()) / static_cast<parts>(interval_));
}

RILL_DECL std::string rate_limiter::description() const
{
    return called("a rate limiter") + " (" + std::to_string(available()) + " of " +
           std::to_string(burst_) + " saved up" + detail::and_waiting(waiters_.size()) + ")";
}

RILL_DECL rate_limiter_statistics rate_limiter::statistics() const noexcept
{
    return {available(), waiters_.size(), waiters_.promised()};
}

} // namespace rill::RILL_FORM
