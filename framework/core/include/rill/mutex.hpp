// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/awaitable.hpp>
#include <rill/detail/form.hpp>
#include <rill/detail/loop/task_mark.hpp>
#include <rill/detail/wait/held_object.hpp>
#include <rill/detail/wait/lock_guard.hpp>
#include <rill/detail/wait/primitive.hpp>
#include <rill/detail/wait/wait_operation.hpp>

#include <cstddef>
#include <source_location>
#include <string>
#include <tuple>
#include <utility>

namespace rill::RILL_FORM {

class condition_variable;
class mutex;

/// Holds a mutex, and unlocks it at its end.
using scoped_lock = detail::lock_guard<mutex>;

struct mutex_statistics {
    bool locked;
    std::size_t waiting;  ///< Those who wait for it.
    std::size_t promised; ///< 1 while it was handed to a waiter that has not run since.
    std::string owner;    ///< The name of the task that locked it; empty if it was none.
};

/// Mutual exclusion between the tasks of one loop. Mirrors asyncio.Lock.
///
///     const auto lock = co_await cache_mutex.scoped();
///
/// It goes from hand to hand in the order of waiting: unlock() hands it to the first who waits, and
/// nobody overtakes. It has no owner: anyone may unlock it, and whoever locks it twice waits for
/// himself; owned_mutex checks both. The compiler refuses std's guards, which would not await it.
/// Every operation supports total cancellation; who had been handed the mutex before the cancel
/// arrived has it. Those who wait when it is destroyed end with operation_aborted.
/// Thread safety: distinct objects safe, shared objects unsafe; all on the thread of one loop.
class mutex final : public detail::primitive, private detail::held_object {
    class waiter;
    class scoped_waiter;

public:
    /// Unlocked; on the loop of `ex`.
    explicit mutex(const asio::any_io_executor& ex)
        : primitive(ex)
        , held_object(*core_)
    {}

    /// The same on the loop that this thread runs.
    mutex()
        : primitive("a mutex")
        , held_object(*core_)
    {}

    ~mutex() { waiters_.abort_all_and_promised(); }

    /// Returns a guard once the caller holds the mutex; at once, without suspending, if it is free.
    auto scoped(std::source_location where = std::source_location::current());

    /// Completes with void(error_code, scoped_lock) once the handler's side holds the mutex.
    template <asio::completion_token_for<void(error_code, scoped_lock)> Token>
    auto async_scoped(Token&& token);

    /// Returns once the caller holds the mutex, and is to unlock it. Mirrors Lock.acquire.
    auto lock(std::source_location where = std::source_location::current());

    /// Completes with void(error_code) once the handler's side holds the mutex.
    template <asio::completion_token_for<void(error_code)> Token>
    auto async_lock(Token&& token);

    bool try_lock() noexcept; ///< False if it is locked.

    /// Hands it to the first who waits, who runs later. Mirrors Lock.release.
    /// Throws std::logic_error if it is not locked.
    void unlock();

    bool locked() const noexcept;

    mutex_statistics statistics() const; ///< As long as its loop lives.

    /// In words; see to_string. As long as its loop lives.
    std::string description() const;

private:
    friend scoped_lock;
    friend class condition_variable; // its waiters stand in this line, too

    bool take() noexcept;
    void give_back() noexcept;
    std::string with_holder() const;

    const detail::task_state* holder() const noexcept override
    {
        return locked_ ? holder_.task() : nullptr;
    }

    std::string title() const override { return called("a mutex"); }

    detail::wait_list<waiter> waiters_; // empty while it is free
    detail::task_mark holder_;          // of the task that locked it; for those who look
    bool locked_ = false;
};

// Implementation

class mutex::waiter : public detail::operation {
public:
    using takes_lock = void;

    waiter(mutex& m, std::source_location where) noexcept
        : operation(m.core_, where)
        , mutex_(&m)
    {}

    bool try_now() noexcept { return mutex_->take(); }

    detail::task_mark mark() const noexcept { return detail::task_mark(task_); }

protected:
    void start() { mutex_->waiters_.grant_or_add(*this); }

    void describe_to(std::string& text) const { text = mutex_->with_holder(); }

    mutex* mutex_;
};

class mutex::scoped_waiter : public mutex::waiter {
public:
    using waiter::waiter;

    scoped_lock take() noexcept { return scoped_lock(*mutex_); }
};

inline bool mutex::try_lock() noexcept
{
    note_use("a mutex");
    return take();
}

inline bool mutex::take() noexcept
{
    if (locked_)
        return false;
    locked_ = true;
    holder_ = detail::task_mark(detail::current.task);
    return true;
}

inline bool mutex::locked() const noexcept
{
    return locked_;
}

inline auto mutex::lock(std::source_location where)
{
    return detail::wait_operation<void(error_code), waiter>(std::in_place, *this, where);
}

template <asio::completion_token_for<void(error_code)> Token>
auto mutex::async_lock(Token&& token)
{
    return lock(std::source_location()).initiate(std::forward<Token>(token));
}

inline auto mutex::scoped(std::source_location where)
{
    return detail::wait_operation<void(error_code, scoped_lock), scoped_waiter>(
        std::in_place, *this, where
    );
}

template <asio::completion_token_for<void(error_code, scoped_lock)> Token>
auto mutex::async_scoped(Token&& token)
{
    return scoped(std::source_location()).initiate(std::forward<Token>(token));
}

} // namespace rill::RILL_FORM

#ifndef RILL_SEPARATE_COMPILATION
#include <rill/impl/mutex.ipp>
#endif
