// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/owned_mutex.hpp>

#include <stdexcept>

namespace rill::RILL_FORM {

RILL_DECL error_code owned_mutex::waiter::why() const noexcept
{
    if (misplaced_)
        return asio::error::make_error_code(asio::error::no_permission);
    return error();
}

RILL_DECL void owned_mutex::waiter::start()
{
    misplaced_ = misplaced();
    if (misplaced_) {
        complete();
    } else if (mutex_->broken_) {
        fail(errc::broken);
    } else {
        locker_ = detail::state_ref<detail::task_state>(*detail::current.task);
        mutex_->waiters_.grant_or_add(*this);
    }
}

RILL_DECL void owned_mutex::owner_watch::end() noexcept
{
    hook<detail::in_line>::unlink();
    hook<detail::in_loop>::unlink();
}

RILL_DECL void owned_mutex::owner_watch::on_act(detail::ready_node& node, detail::act what)
{
    auto& self = static_cast<owner_watch&>(node);
    if (what == detail::act::won || what == detail::act::drop)
        self.mutex_->break_up(what == detail::act::won && self.failure_ == 0);
    else if (what == detail::act::describe)
        *detail::describing = "the end of the owner of " + self.mutex_->with_holder();
}

/// Throws where there is none, or it must not lock the mutex.
RILL_DECL detail::task_state& owned_mutex::locking_task() const
{
    detail::task_state* task = detail::current.task;
    if (!task)
        throw std::logic_error("rill: only a task can lock " + called("an owned mutex"));
    if (task->core() != core_)
        throw std::logic_error(
            "rill: " + task->description() + " locks " + called("an owned mutex") +
            ", which belongs to another loop"
        );
    if (belongs_to(task))
        throw std::logic_error(
            "rill: " + task->description() + " locks " + called("an owned mutex") +
            ", which it has locked already"
        );
    return *task;
}

RILL_DECL bool owned_mutex::try_lock()
{
    detail::task_state& task = locking_task();
    if (locked() || broken_)
        return false;
    give_to(task);
    return true;
}

RILL_DECL void owned_mutex::unlock()
{
    if (!locked())
        throw std::logic_error(
            "rill: " + called("an owned mutex") + " is unlocked, and not locked"
        );
    if (!belongs_to(detail::current.task))
        throw std::logic_error(
            "rill: " + with_holder() + ", is unlocked by " +
            (detail::current.task ? detail::current.task->description() : "no task")
        );
    hand_over();
}

RILL_DECL void owned_mutex::hand_over() noexcept
{
    watch_.end();
    owner_ = nullptr;
    while (waiter* next = waiters_.front()) {
        if (next->locker().done()) {
            next->abort(); // nobody is left to unlock it
            continue;
        }
        give_to(next->locker());
        waiters_.grant(*next);
        return;
    }
}

/// The owner has ended; or else the loop has, and nothing is left of the task.
RILL_DECL void owned_mutex::break_up(bool by_task) noexcept
{
    watch_.end();
    broken_ = true;
    try {
        broken_by_ = by_task ? owner_->name() : "a task of a loop that has ended";
    } catch (...) { // short of memory, it breaks without the name
    }
    owner_ = nullptr;
    waiters_.fail_all(errc::broken);
}

/// Where a loop dies, frames are destroyed outside of their tasks.
RILL_DECL void owned_mutex::give_back() noexcept
{
    if (!locked())
        return;
    if (belongs_to(detail::current.task))
        hand_over();
    else if (core_->dead())
        break_up(false);
    else
        core_->report(
            {"the guard of an owned_mutex ended in another task than the one that locked "
             "it, and unlocked nothing",
             nullptr,
             owner_->name()}
        );
}

RILL_DECL std::string owned_mutex::with_holder() const
{
    std::string text = title();
    if (owner_)
        text += ", held by " + owner_->description();
    return text;
}

RILL_DECL std::string owned_mutex::description() const
{
    return with_holder() +
           (broken_  ? " (broken"
            : owner_ ? " (locked"
                     : " (free") +
           detail::and_waiting(waiters_.size()) + ")";
}

RILL_DECL owned_mutex_statistics owned_mutex::statistics() const
{
    return {
        locked(),
        broken_,
        waiters_.size(),
        waiters_.promised(),
        owner_ ? owner_->name() : broken_by_,
    };
}

RILL_DECL void scoped_owned_lock::unlock()
{
    if (!lock_)
        return;
    lock_->unlock();
    lock_.release();
}

} // namespace rill::RILL_FORM
