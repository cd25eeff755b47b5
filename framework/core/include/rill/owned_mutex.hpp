// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/detail/form.hpp>
#include <rill/detail/loop/outcome_handle.hpp>
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

class owned_mutex;

/// Holds an owned_mutex, and unlocks it at its end, in the task that locked it.
///
/// One that ends in another task unlocks nothing: that is reported to the loop's exception handler,
/// since a destructor throws nothing.
class [[nodiscard]] scoped_owned_lock : public detail::lock_guard<owned_mutex> {
public:
    using lock_guard::lock_guard;

    /// Now, and not at its end; nothing if it holds nothing. Throws std::logic_error in a task that
    /// is not the owner.
    void unlock();
};

struct owned_mutex_statistics {
    bool locked;
    bool broken;          ///< Its owner ended and had not unlocked it.
    std::size_t waiting;  ///< Those who wait for it.
    std::size_t promised; ///< 1 while it was handed to a waiter that has not run since.
    std::string owner;    ///< The name of the task that has it, or had it when it broke.
};

/// A mutex that belongs to the task that locked it. Mirrors trio.Lock.
///
///     const auto lock = co_await journal_mutex.scoped();
///
/// As rill::mutex, it goes from hand to hand in the order of waiting, and nobody overtakes; and it
/// finds mistakes. Whoever locks it is a task: the one in whose step the operation begins, whatever
/// the completion token; elsewhere, or in the task that has it, locking it is a std::logic_error.
/// An operation that was made for a handler and begins elsewhere, as deferred ones may, completes
/// with asio::error::no_permission instead.
///
/// An owner that ends and has not unlocked it breaks it, for good, since nobody knows what it
/// guarded: those who wait and all who come end with errc::broken. So it is not locked in a member
/// of gather() or race(), each of which is a task.
///
/// Every operation supports total cancellation; who had been handed the mutex before the cancel
/// arrived has it. Those who wait when it is destroyed, and those whose task has ended when their
/// turn comes, end with operation_aborted.
/// Thread safety: distinct objects safe, shared objects unsafe; all on the thread of one loop.
class owned_mutex final : public detail::primitive, private detail::held_object {
    class waiter;
    class scoped_waiter;

public:
    /// Unlocked; on the loop of `ex`.
    explicit owned_mutex(const asio::any_io_executor& ex);

    /// The same on the loop that this thread runs.
    owned_mutex();

    ~owned_mutex();

    /// Returns a guard once the task holds the mutex; at once, without suspending, if it is free.
    auto scoped(std::source_location where = std::source_location::current());

    /// Completes with void(error_code, scoped_owned_lock). The guard is to end in the task that
    /// called this, so the handler hands it over, or runs on that task's executor.
    template <asio::completion_token_for<void(error_code, scoped_owned_lock)> Token>
    auto async_scoped(Token&& token);

    /// Returns once the task holds the mutex, and is to unlock it. Mirrors Lock.acquire.
    auto lock(std::source_location where = std::source_location::current());

    /// Completes with void(error_code) once the task that called this holds the mutex.
    template <asio::completion_token_for<void(error_code)> Token>
    auto async_lock(Token&& token);

    /// False if another task has it, or it is broken. Throws as the others do.
    bool try_lock();

    /// Hands it to the first who waits, who runs later. Throws std::logic_error in a task that does
    /// not have it. Mirrors Lock.release.
    void unlock();

    bool locked() const noexcept;
    bool broken() const noexcept; ///< Its owner ended and had not unlocked it.

    owned_mutex_statistics statistics() const;

    /// In words; see to_string.
    std::string description() const;

private:
    friend detail::lock_guard<owned_mutex>;

    /// Stands in the line of those who wait for the owner's end, and learns of it in that moment.
    class owner_watch : public detail::operation {
    public:
        explicit owner_watch(owned_mutex& m) noexcept;
        ~owner_watch() { end(); }

        void begin(detail::task_state& owner);
        void end() noexcept;

    private:
        static void on_act(detail::ready_node& node, detail::act what);

        owned_mutex* mutex_;
    };

    detail::task_state& locking_task() const;
    bool belongs_to(const detail::task_state* task) const noexcept;
    void give_to(detail::task_state& task);
    void hand_over() noexcept;
    void break_up(bool by_task) noexcept;
    void give_back() noexcept;
    std::string with_holder() const;

    const detail::task_state* holder() const noexcept override { return owner_; }

    std::string title() const override { return called("an owned mutex"); }

    owner_watch watch_;
    detail::wait_list<waiter> waiters_;   // empty while it is free or broken
    detail::task_state* owner_ = nullptr; // watched; null while it is free or broken
    bool broken_ = false;
    std::string broken_by_; // the name of the task that broke it
};

} // namespace rill::RILL_FORM

#include <rill/impl/owned_mutex.hpp>

#ifndef RILL_SEPARATE_COMPILATION
#include <rill/impl/owned_mutex.ipp>
#endif
