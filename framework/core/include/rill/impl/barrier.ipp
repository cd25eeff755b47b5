// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/barrier.hpp>

#include <stdexcept>

namespace rill::RILL_FORM {

RILL_DECL void barrier::waiter::release(std::size_t number) noexcept
{
    number_ = number;
    barrier_->released_.push_back(*this);
    complete();
}

RILL_DECL void barrier::waiter::start()
{
    if (barrier_->broken_) {
        fail(errc::broken);
    } else if (barrier_->is_last()) {
        const std::size_t before_it = barrier_->in_line();
        barrier_->release(before_it);
        release(before_it);
    } else {
        barrier_->in_line_ = barrier_->in_line() + 1;
        barrier_->waiters_.add(*this);
    }
}

/// The last one to come lets the others go, and does not wait.
RILL_DECL bool barrier::waiter::try_now() noexcept
{
    if (!barrier_->is_last())
        return false;
    number_ = barrier_->in_line();
    barrier_->release(number_);
    return true;
}

RILL_DECL void barrier::waiter::describe_to(std::string& text) const
{
    text = barrier_->called("a barrier");
    if (barrier_->draining())
        text += " (those of the round before are leaving)";
    else
        text += " (" + std::to_string(barrier_->in_line()) + " of " +
                std::to_string(barrier_->parties_) + " have come)";
}

RILL_DECL void barrier::waiter::leave() noexcept
{
    if (!hook<detail::released>::linked()) // it failed, or the barrier is gone
        return;
    hook<detail::released>::unlink();
    if (!barrier_->draining() && barrier_->in_line() >= barrier_->parties())
        barrier_->release(barrier_->parties());
}

RILL_DECL void barrier::check_start() const
{
    if (parties_ < 1)
        throw std::invalid_argument(
            "rill::barrier: it is for 1 party or more, not " + std::to_string(parties_)
        );
}

/// Whether the round is complete with whoever comes now.
RILL_DECL bool barrier::is_last() const noexcept
{
    return !broken_ && !draining() && in_line() + 1 == parties();
}

/// The first `n`. One that is in a select may take others of it out of the line.
RILL_DECL void barrier::release(std::size_t n) noexcept
{
    for (std::size_t i = 0; i < n && !waiters_.empty(); ++i) {
        --in_line_;
        waiters_.front()->release(i);
    }
}

RILL_DECL void barrier::reset() noexcept
{
    note_use("a barrier");
    broken_ = false;
    if (!draining())
        waiters_.fail_all(errc::broken);
}

RILL_DECL std::string barrier::description() const
{
    return called("a barrier") + " (" + std::to_string(n_waiting()) + " of " +
           std::to_string(parties_) + " have come" + (broken_ ? ", broken)" : ")");
}

RILL_DECL barrier_statistics barrier::statistics() const noexcept
{
    return {
        parties(),
        n_waiting(),
        released_.size(),
        draining() ? in_line() : 0,
    };
}

} // namespace rill::RILL_FORM
