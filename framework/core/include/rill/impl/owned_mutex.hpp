// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/owned_mutex.hpp>

namespace rill::RILL_FORM {

class owned_mutex::waiter : public detail::operation {
public:
    using takes_lock = void;

    waiter(owned_mutex& m, std::source_location where) noexcept
        : operation(m.core_, where)
        , mutex_(&m)
    {}

    detail::task_state& locker() const noexcept { return *locker_; }

    bool try_now() { return mutex_->try_lock(); }

    /// Beside the errors of an operation: it has begun where it must not.
    error_code why() const noexcept;

protected:
    void start();

    void describe_to(std::string& text) const { text = mutex_->with_holder(); }

    owned_mutex* mutex_;

private:
    bool misplaced() const noexcept
    {
        const detail::task_state* task = detail::current.task;
        return !task || task->core() != core_ || mutex_->belongs_to(task);
    }

    detail::state_ref<detail::task_state> locker_; // while it waits
    bool misplaced_ = false;
};

class owned_mutex::scoped_waiter : public owned_mutex::waiter {
public:
    using waiter::waiter;

    scoped_owned_lock take() noexcept { return scoped_owned_lock(*mutex_); }
};

inline owned_mutex::owner_watch::owner_watch(owned_mutex& m) noexcept
    : operation(m.core_)
    , mutex_(&m)
{
    action_ = &on_act;
    raced_ = true; // so it is told when the owner ends, and not a turn later
}

inline void owned_mutex::owner_watch::begin(detail::task_state& owner)
{
    owner.joiners.add(*this);
}

inline owned_mutex::owned_mutex(const asio::any_io_executor& ex)
    : primitive(ex)
    , held_object(*core_)
    , watch_(*this)
{}

inline owned_mutex::owned_mutex()
    : held_object(*core_)
    , watch_(*this)
{}

inline owned_mutex::~owned_mutex()
{
    waiters_.abort_all_and_promised();
}

inline bool owned_mutex::locked() const noexcept
{
    return owner_ != nullptr;
}

inline bool owned_mutex::broken() const noexcept
{
    return broken_;
}

inline bool owned_mutex::belongs_to(const detail::task_state* task) const noexcept
{
    return owner_ && owner_ == task;
}

inline void owned_mutex::give_to(detail::task_state& task)
{
    owner_ = &task;
    watch_.begin(task);
}

inline auto owned_mutex::lock(std::source_location where)
{
    return detail::wait_operation<void(error_code), waiter>(std::in_place, *this, where);
}

template <asio::completion_token_for<void(error_code)> Token>
auto owned_mutex::async_lock(Token&& token)
{
    locking_task();
    return lock(std::source_location()).initiate(std::forward<Token>(token));
}

inline auto owned_mutex::scoped(std::source_location where)
{
    return detail::wait_operation<void(error_code, scoped_owned_lock), scoped_waiter>(
        std::in_place, *this, where
    );
}

template <asio::completion_token_for<void(error_code, scoped_owned_lock)> Token>
auto owned_mutex::async_scoped(Token&& token)
{
    locking_task();
    return scoped(std::source_location()).initiate(std::forward<Token>(token));
}

} // namespace rill::RILL_FORM
