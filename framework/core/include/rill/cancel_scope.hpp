// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/clock.hpp>
#include <rill/detail/deadline_scope.hpp>
#include <rill/detail/run_as_task.hpp>
#include <rill/error.hpp>

#include <optional>
#include <type_traits>

namespace rill {

namespace detail {

/// What a body that may be left early gives: its value if it came to its end, or for void whether
/// it did.
template <class T>
using if_finished_t = std::conditional_t<std::is_void_v<T>, bool, std::optional<T>>;

} // namespace detail

/// Runs `body`, an awaitable or a callable that gives one, for at most `d`, then goes on: where the
/// deadline cut it short, the result is empty (for a body without a value: false). Mirrors trio's
/// move_on_after.
///
/// Cancellation from outside passes through, and so does every error of the body's own.
template <class Body>
awaitable<detail::if_finished_t<detail::body_result_t<Body>>> move_on_after(duration d, Body body);

/// The same with a point in time. Mirrors trio's move_on_at.
template <class Body>
awaitable<detail::if_finished_t<detail::body_result_t<Body>>> move_on_at(time_point t, Body body);

// Implementation

namespace detail {

template <class Body>
awaitable<if_finished_t<body_result_t<Body>>> run_until(deadline when, Body body)
{
    task_state* task = running_task(co_await asio::this_coro::cancellation_state);
    if (!task)
        co_return co_await run_as_task(run_until(when, std::move(body)));
    deadline_scope scope(*task, when);
    try {
        if constexpr (std::is_void_v<body_result_t<Body>>) {
            co_await start_body(body);
            co_return true;
        } else {
            co_return co_await start_body(body);
        }
    } catch (const system_error& error) {
        if (!scope.caused(error.code()))
            throw;
    }
    co_return if_finished_t<body_result_t<Body>>{};
}

} // namespace detail

template <class Body>
awaitable<detail::if_finished_t<detail::body_result_t<Body>>> move_on_after(duration d, Body body)
{
    return detail::run_until(detail::deadline::in(d), std::move(body));
}

template <class Body>
awaitable<detail::if_finished_t<detail::body_result_t<Body>>> move_on_at(time_point t, Body body)
{
    return detail::run_until(detail::deadline::at(t), std::move(body));
}

} // namespace rill
