// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/clock.hpp>
#include <rill/detail/form.hpp>
#include <rill/detail/loop/run_as_task.hpp>
#include <rill/detail/wait/deadline_scope.hpp>
#include <rill/detail/watch/describe.hpp>
#include <rill/error.hpp>
#include <rill/task.hpp>

#include <source_location>
#include <string>

namespace rill::RILL_FORM {

/// What the body of a timeout may look at and change. Mirrors asyncio.Timeout.
class timeout_scope {
public:
    /// Moves the deadline: earlier, later, or to `never`. A passed one ends the body at its next
    /// wait. invalid_state if it has expired.
    void reschedule(time_point when);

    /// `never` where there is no deadline.
    time_point when() const noexcept;

    /// Whether the deadline has passed, and the body was asked to stop.
    bool expired() const noexcept;

    explicit timeout_scope(detail::deadline_scope& scope) noexcept; ///< Made by timeout.

private:
    friend std::string to_string(const timeout_scope& scope);

    detail::deadline_scope& scope_;
};

/// "timeout (1.5s left)", "timeout (expired)", "timeout (no deadline)".
std::string to_string(const timeout_scope& scope);

/// Runs `body`, an awaitable or a callable that gives one, for at most `d`; the callable may take a
/// timeout_scope&. Gives the body's result. Mirrors asyncio.timeout.
///
/// When the deadline passes, every wait in the body throws a cancelled_error until it is left;
/// then timeout_error is thrown, unless the body turned it into a value or an error of its own, or
/// a cancellation from outside is due as well: that one goes first. what() says how long it was,
/// where the timeout stands in the source, and what the task was waiting for. `forever` sets no
/// deadline; zero or less ends the body at its first wait.
///
/// Cancellation: as the body's own. Nothing is allocated but the frames of the coroutines.
///
/// For a callback, a future or any other completion token, async_run_on takes it as it takes every
/// combinator: `async_run_on(io, timeout(1s, queue.get()), token)`.
template <class Body>
awaitable<detail::body_result_t<Body, timeout_scope>>
timeout(duration d, Body body, std::source_location where = std::source_location::current());

/// The same with a point in time. Mirrors asyncio.timeout_at.
template <class Body>
awaitable<detail::body_result_t<Body, timeout_scope>>
timeout_at(time_point t, Body body, std::source_location where = std::source_location::current());

/// Awaits an awaitable, an operation, a task or a future for at most `d`. Mirrors asyncio.wait_for.
///
/// When the time is over, what is awaited is cancelled, and timeout_error is thrown once it has
/// really ended; a value or an error that it ends with nevertheless is passed on instead. With zero
/// or less, a coroutine is never started; a task or future that is done already gives its result.
/// `wait_for(shield(task), d)` leaves the task running.
///
/// Cancellation: goes on to what is awaited, and the wait lasts until that has ended.
template <class T>
awaitable<T> wait_for(
    awaitable<T> body, duration d, std::source_location where = std::source_location::current()
);
template <coroutine_function F>
awaitable<awaited_t<std::invoke_result_t<F>>>
wait_for(F body, duration d, std::source_location where = std::source_location::current());
template <class Handle>
    requires detail::awaited_handle<Handle>
awaitable<typename Handle::value_type>
wait_for(Handle handle, duration d, std::source_location where = std::source_location::current());

// Implementation

inline timeout_scope::timeout_scope(detail::deadline_scope& scope) noexcept
    : scope_(scope)
{}

inline time_point timeout_scope::when() const noexcept
{
    return scope_.when();
}

inline bool timeout_scope::expired() const noexcept
{
    return scope_.expired();
}

namespace detail {

template <class Body>
awaitable<body_result_t<Body, timeout_scope>>
run_with_timeout(deadline when, Body body, std::source_location where)
{
    task_state* task = running_task(co_await asio::this_coro::cancellation_state);
    if (!task)
        co_return co_await run_as_task(run_with_timeout(when, std::move(body), where));
    deadline_scope scope(*task, when, where);
    try {
        timeout_scope offered(scope);
        co_return co_await start_body(body, offered);
    } catch (const system_error& error) {
        if (!scope.caused(error.code()))
            throw;
    }
    throw timeout_error("rill::timeout: " + scope.story());
}

/// What wait_for and the like await: `handle`, whose result is taken if it cannot be copied.
template <class Handle>
awaitable<typename Handle::value_type> join(Handle handle)
{
    co_return co_await std::move(handle);
}

} // namespace detail

template <class Body>
awaitable<detail::body_result_t<Body, timeout_scope>>
timeout(duration d, Body body, std::source_location where)
{
    return detail::run_with_timeout(detail::deadline::in(d), std::move(body), where);
}

template <class Body>
awaitable<detail::body_result_t<Body, timeout_scope>>
timeout_at(time_point t, Body body, std::source_location where)
{
    return detail::run_with_timeout(detail::deadline::at(t), std::move(body), where);
}

template <class T>
awaitable<T> wait_for(awaitable<T> body, duration d, std::source_location where)
{
    const detail::never_missed<awaitable<T>> dropped(body);
    if (d <= duration::zero())
        throw timeout_error(
            "rill::wait_for: there was no time left to begin, at " + detail::text_of(where)
        );
    co_return co_await timeout(d, std::move(body), where);
}

template <coroutine_function F>
awaitable<awaited_t<std::invoke_result_t<F>>>
wait_for(F body, duration d, std::source_location where)
{
    return wait_for(detail::call_stored(std::move(body)), d, where);
}

template <class Handle>
    requires detail::awaited_handle<Handle>
awaitable<typename Handle::value_type>
wait_for(Handle handle, duration d, std::source_location where)
{
    return timeout(d, detail::join(std::move(handle)), where);
}

} // namespace rill::RILL_FORM

#ifndef RILL_SEPARATE_COMPILATION
#include <rill/impl/timeout.ipp>
#endif
