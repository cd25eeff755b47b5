// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/condition_variable.hpp>

#include <stdexcept>

namespace rill::RILL_FORM {

RILL_DECL void condition_variable::waiter::go_back() noexcept
{
    returning_ = true;
    condition_->returning_.push_back(*this);
    hook<detail::in_line>::unlink();
    hook<detail::in_loop>::unlink(); // the other line makes it pending again
    mutex_->waiters_.add(*this);
    if (!std::exchange(mutex_->locked_, true))
        mutex_->give_back();
}

RILL_DECL void condition_variable::waiter::start()
{
    condition_->waiters_.add(*this);
    if (mutex_->locked_)
        mutex_->give_back();
}

RILL_DECL void condition_variable::waiter::on_cancel()
{
    if (!returning_)
        go_back_aborted();
    else if (failure_ == 0)
        pass_on();
}

RILL_DECL void condition_variable::waiter::describe_to(std::string& text) const
{
    text = returning_ ? mutex_->with_holder() : condition_->called("a condition variable");
}

RILL_DECL void condition_variable::waiter::pass_on() noexcept
{
    abort_later();
    if (!hook<detail::returning>::linked()) // the condition variable is gone
        return;
    if (waiter* next = condition_->waiters_.front())
        next->go_back();
}

RILL_DECL condition_variable::condition_variable(rill::mutex& shared)
    : primitive(shared.get_executor())
    , mutex_(&shared)
{
    if (detail::current.loop && detail::current.loop != core_)
        throw std::invalid_argument(
            "rill::condition_variable: its mutex belongs to another loop than the running one"
        );
}

RILL_DECL condition_variable::~condition_variable()
{
    while (waiter* w = waiters_.front())
        w->go_back_aborted();
    while (returning_.pop_front())
        continue;
}

RILL_DECL void condition_variable::check_locked() const
{
    if (!mutex_->locked())
        throw std::logic_error(
            "rill: whoever waits for " + called("a condition variable") +
            " or notifies it holds its mutex, and that is not locked"
        );
}

RILL_DECL void condition_variable::notify(std::size_t n)
{
    note_use("a condition variable");
    check_locked();
    for (; n > 0 && !waiters_.empty(); --n)
        waiters_.front()->go_back();
}

RILL_DECL std::string condition_variable::description() const
{
    return called("a condition variable") + " of " + mutex_->with_holder() + " (" +
           std::to_string(statistics().waiting) + " waiting)";
}

RILL_DECL condition_variable_statistics condition_variable::statistics() const
{
    return {waiters_.size(), returning_.size(), mutex_->statistics()};
}

} // namespace rill::RILL_FORM
