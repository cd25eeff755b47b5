// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/awaitable.hpp>
#include <rill/cancel_reason.hpp>
#include <rill/detail/form.hpp>
#include <rill/detail/loop/delivery_slot.hpp>
#include <rill/future.hpp>
#include <rill/loop.hpp>
#include <rill/outcome.hpp>
#include <rill/task.hpp>

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <source_location>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace rill::RILL_FORM {

template <class T>
class thread_promise;

namespace detail {

template <class T>
class thread_state;
struct thread_access;

} // namespace detail

/// A result that another thread sets, and that a thread waits for by blocking. Mirrors
/// concurrent.futures.Future. A coroutine awaits wrap_future() of it.
///
/// Handles are cheap to copy and refer to the same result; one that was moved from throws
/// invalid_state.
/// Thread safety: all functions may be called from any thread.
template <class T = void>
class thread_future {
public:
    using value_type = T;

    /// Blocks until there is a result, and gives it; a value that cannot be copied is moved out, so
    /// that one caller may have it. Throws the exception unchanged, or cancelled_error.
    ///
    /// std::logic_error, instead of waiting for ever, on the thread of the loop that is to set it.
    T get() const;

    /// The same for `d` at most; timeout_error after that, and what sets the result goes on:
    /// cancel() stops it.
    T get(duration d) const;

    /// Blocks until there is a result, for `d` at most. Whether there is one.
    bool wait(duration d) const;

    /// Ends it as cancelled: whoever gets it gets a cancelled_error with the message. False if it
    /// has ended, or its call has begun (thread_promise::start). A task of run_coroutine_threadsafe
    /// is cancelled with it.
    bool cancel(std::string message = {}) const;

    bool done() const;
    bool cancelled() const;

private:
    friend detail::thread_access;

    explicit thread_future(std::shared_ptr<detail::thread_state<T>> state) noexcept
        : state_(std::move(state))
    {}

    std::shared_ptr<detail::thread_state<T>> state_;
};

/// Sets the result of a thread_future, once. Dropped without that, it sets an invalid_state, so
/// that nobody waits for ever. One that was moved from throws invalid_state.
template <class T = void>
class thread_promise {
public:
    thread_promise();
    ~thread_promise();

    thread_promise(thread_promise&&) noexcept = default;
    thread_promise& operator=(thread_promise&& other) noexcept;

    thread_future<T> get_future() const;

    /// From here on the future cannot be cancelled any more; false if it was already. Mirrors
    /// set_running_or_notify_cancel.
    bool start();

    /// Whoever waits gets it. False if the future was cancelled before; invalid_state if it has an
    /// outcome from here.
    template <class... Args>
    bool set_result(Args&&... value);
    bool set_exception(std::exception_ptr error);

private:
    friend detail::thread_access;

    std::shared_ptr<detail::thread_state<T>> state_;
};

/// A future of the running loop that ends as `from` does. Mirrors asyncio.wrap_future.
///
/// Cancelling it cancels `from`, unless that has ended: then `from` keeps its result.
template <class T>
future<T>
wrap_future(thread_future<T> from, std::source_location place = std::source_location::current());

/// Starts a coroutine as a task of a loop that another thread runs, and gives its result to this
/// one. Mirrors asyncio.run_coroutine_threadsafe.
///
/// Cancelling the thread_future cancels the task; a task that is cancelled shows as cancelled. The
/// task gets a copy of this thread's context. What keeps the task from starting (a task factory
/// that throws) is thrown by get(), and goes to the loop's exception handler as well.
/// std::logic_error if the loop is closed; if it ends before the task, get() throws
/// errc::loop_ended. run_on awaits the coroutine instead, in any coroutine.
template <class T>
thread_future<T> run_coroutine_threadsafe(
    const loop& target,
    awaitable<T> body,
    std::source_location place = std::source_location::current()
);
template <coroutine_function F>
auto run_coroutine_threadsafe(
    const loop& target, F body, std::source_location place = std::source_location::current()
);

/// The same with an executor of the loop, for programs that run their io_context themselves; it
/// must outlive the call.
template <class T>
thread_future<T> run_coroutine_threadsafe(
    const asio::any_io_executor& ex,
    awaitable<T> body,
    std::source_location place = std::source_location::current()
);
template <coroutine_function F>
auto run_coroutine_threadsafe(
    const asio::any_io_executor& ex,
    F body,
    std::source_location place = std::source_location::current()
);

} // namespace rill::RILL_FORM

#include <rill/impl/thread_future.hpp>
