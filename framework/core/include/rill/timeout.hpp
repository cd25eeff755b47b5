// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/clock.hpp>
#include <rill/detail/deadline_scope.hpp>
#include <rill/detail/run_as_task.hpp>
#include <rill/error.hpp>

#include <string>

namespace rill {

/// What the body of a timeout may look at and change. Mirrors asyncio.Timeout.
class timeout_scope {
public:
    /// Moves the deadline: earlier, later, or to `never`. A passed one ends the body at its next wait.
    /// invalid_state if it has expired.
    void reschedule(time_point when);

    /// `never` where there is no deadline.
    time_point when() const noexcept;

    /// Whether the deadline has passed, and the body was asked to stop.
    bool expired() const noexcept;

    explicit timeout_scope(detail::deadline_scope& scope) noexcept; ///< Made by timeout.

private:
    detail::deadline_scope& scope_;
};

/// Runs `body`, an awaitable or a callable that gives one, for at most `d`; the callable may take a
/// timeout_scope&. Gives the body's result. Mirrors asyncio.timeout.
///
/// When the deadline passes, every wait in the body throws operation_aborted until it is left;
/// then timeout_error is thrown, unless the body turned it into a value or an error of its own, or
/// a cancellation from outside is due as well: that one goes first. `forever` sets no deadline;
/// zero or less ends the body at its first wait.
///
/// Cancellation: as the body's own. Nothing is allocated but the frames of the coroutines.
template <class Body>
awaitable<detail::body_result_t<Body, timeout_scope>> timeout(duration d, Body body);

/// The same with a point in time. Mirrors asyncio.timeout_at.
template <class Body>
awaitable<detail::body_result_t<Body, timeout_scope>> timeout_at(time_point t, Body body);

// Implementation

inline timeout_scope::timeout_scope(detail::deadline_scope& scope) noexcept
    : scope_(scope)
{}

inline void timeout_scope::reschedule(time_point when)
{
    if (expired())
        throw invalid_state("rill::timeout_scope: the timeout has expired, it cannot be rescheduled"
        );
    scope_.set(when);
}

inline time_point timeout_scope::when() const noexcept
{
    return scope_.when();
}

inline bool timeout_scope::expired() const noexcept
{
    return scope_.cancelled;
}

namespace detail {

template <class Body>
awaitable<body_result_t<Body, timeout_scope>> run_with_timeout(deadline when, Body body)
{
    task_state* task = running_task(co_await asio::this_coro::cancellation_state);
    if (!task)
        co_return co_await run_as_task(run_with_timeout(when, std::move(body)));
    deadline_scope scope(*task, when);
    try {
        timeout_scope offered(scope);
        co_return co_await start_body(body, offered);
    } catch (const system_error& error) {
        if (!scope.caused(error.code()))
            throw;
    }
    throw timeout_error("rill::timeout: the deadline of task '" + task->name() + "' has passed");
}

} // namespace detail

template <class Body>
awaitable<detail::body_result_t<Body, timeout_scope>> timeout(duration d, Body body)
{
    return detail::run_with_timeout(detail::deadline::in(d), std::move(body));
}

template <class Body>
awaitable<detail::body_result_t<Body, timeout_scope>> timeout_at(time_point t, Body body)
{
    return detail::run_with_timeout(detail::deadline::at(t), std::move(body));
}

} // namespace rill
