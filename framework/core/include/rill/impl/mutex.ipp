// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/mutex.hpp>

#include <stdexcept>

namespace rill::RILL_FORM {

RILL_DECL void mutex::unlock()
{
    note_use("a mutex");
    if (!locked_)
        throw std::logic_error("rill::mutex: it is not locked");
    detail::debug_watch* const watch = *detail::current.watch; // the mutex's loop may be gone
    if (watch && holder() && holder() != detail::current.task) [[unlikely]]
        watch->unlocked_by_another(*this);
    give_back();
}

RILL_DECL void mutex::give_back() noexcept
{
    if (waiter* next = waiters_.front()) {
        holder_ = next->mark();
        waiters_.grant(*next);
    } else {
        locked_ = false;
    }
}

RILL_DECL std::string mutex::description() const
{
    return with_holder() + (locked_ ? " (locked" : " (free") +
           detail::and_waiting(waiters_.size()) + ")";
}

RILL_DECL std::string mutex::with_holder() const
{
    std::string text = title();
    if (!locked_)
        return text;
    if (const detail::task_state* by = holder_.task())
        text += ", held by " + by->description();
    else if (holder_.has_ended())
        text += ", held by a task that has ended";
    return text;
}

RILL_DECL mutex_statistics mutex::statistics() const
{
    const detail::task_state* by = holder();
    return {
        locked_,
        waiters_.size(),
        waiters_.promised(),
        by ? by->name() : std::string(),
    };
}

} // namespace rill::RILL_FORM
