// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/semaphore.hpp>

#include <algorithm>
#include <stdexcept>

namespace rill::RILL_FORM {

RILL_DECL void semaphore::waiter::describe_to(std::string& text) const
{
    text = semaphore_->called("a semaphore");
    if (count > 1)
        text = std::to_string(count) + " permits of " + text;
}

RILL_DECL void semaphore::check_start() const
{
    if (available_ < 0)
        throw std::invalid_argument(
            "rill::semaphore: it starts with 0 permits or more, not " + std::to_string(available_)
        );
}

RILL_DECL std::ptrdiff_t semaphore::checked(std::ptrdiff_t n) const
{
    if (n < 1 || n > limit_)
        throw std::invalid_argument(
            "rill::semaphore: " + std::to_string(n) + " permits; from 1 to " +
            std::to_string(limit_) + " can be acquired"
        );
    return n;
}

RILL_DECL void semaphore::release(std::ptrdiff_t n)
{
    note_use("a semaphore");
    if (n < 1)
        throw std::invalid_argument("rill::semaphore: at least 1 permit is released");
    if (n > limit_ - available_)
        throw std::logic_error(
            "rill::semaphore: released more often than acquired; it has " +
            std::to_string(available_) + " permits of at most " + std::to_string(limit_)
        );
    give(n);
}

/// A permit's: it may have been released by hand already, where the limit tells.
RILL_DECL void semaphore::give(std::ptrdiff_t n) noexcept
{
    available_ += std::min(n, limit_ - available_);
    serve();
}

RILL_DECL void semaphore::serve() noexcept
{
    for (waiter* w = waiters_.front(); w && w->count <= available_; w = waiters_.front()) {
        available_ -= w->count;
        waiters_.grant(*w);
    }
}

RILL_DECL std::string semaphore::description() const
{
    return called("a semaphore") + " (" + std::to_string(available_) + " free" +
           detail::and_waiting(waiters_.size()) + ")";
}

RILL_DECL semaphore_statistics semaphore::statistics() const noexcept
{
    return {available_, waiters_.size(), waiters_.promised()};
}

} // namespace rill::RILL_FORM
