// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/clock.hpp>
#include <rill/detail/form.hpp>
#include <rill/detail/loop/run_as_task.hpp>
#include <rill/detail/wait/deadline_scope.hpp>
#include <rill/outcome.hpp>

#include <exception>
#include <source_location>
#include <type_traits>
#include <utility>

namespace rill::RILL_FORM {

/// Runs `body`, then awaits `cleanup` on every way out of it: a value, an exception or a
/// cancellation. Gives what the body gave. Mirrors try/finally around waits, which C++ does not
/// have: there is no co_await in a catch clause or a destructor.
///
/// Both are awaitables or callables that give one. No cancellation from outside reaches the
/// cleanup, neither the one that may have ended the body nor one that comes; it shows at the next
/// wait after this. But it has to end within `grace`, and a second cancel() ends the grace at once:
/// then every wait in the cleanup throws. That it was cut short goes to the exception handler;
/// where the time was over and the body had no error of its own, it is thrown as a timeout_error
/// instead.
///
/// An exception of the cleanup is thrown; where the body failed as well, both in an
/// exception_group. A fatal_error leaves bare, and the other one is reported.
template <class Body, class Cleanup>
awaitable<detail::body_result_t<Body>> with_cleanup(
    Body body,
    Cleanup cleanup,
    duration grace = std::chrono::seconds(5),
    std::source_location where = std::source_location::current()
);

// Implementation

namespace detail {

/// A scope that keeps cancellations out, until its time is over or somebody insists.
class grace_scope : public deadline_scope {
public:
    grace_scope(task_state& task, duration grace, std::source_location where);

    /// Whether the cleanup ended for want of time, with `error`.
    bool cut(const std::exception_ptr& error) const noexcept
    {
        return cancelled && is_cancellation(error);
    }

    /// What is thrown for that, if the body has no error of its own; somebody learns of it anyway.
    std::exception_ptr tell_of_cut(bool body_failed, const std::exception_ptr& error) const;

private:
    /// The second cancel(): one may have ended the body.
    void press();

    unsigned requests_before_;
};

/// How `body` ends, as a value; a callable may throw before it gives an awaitable.
template <class Body>
awaitable<outcome<body_result_t<Body>>> settle(Body& body)
{
    outcome<body_result_t<Body>> result;
    try {
        if constexpr (std::is_void_v<body_result_t<Body>>) {
            co_await start_body(body);
            result.set_value();
        } else {
            result.set_value(co_await start_body(body));
        }
    } catch (...) {
        result.set_exception(std::current_exception());
    }
    co_return std::move(result);
}

/// Both errors, where there are two that somebody ought to see.
std::exception_ptr error_of_both(const std::exception_ptr& body, const std::exception_ptr& cleanup);

} // namespace detail

template <class Body, class Cleanup>
awaitable<detail::body_result_t<Body>>
with_cleanup(Body body, Cleanup cleanup, duration grace, std::source_location where)
{
    using result_type = detail::body_result_t<Body>;
    auto* task = detail::running_task(co_await asio::this_coro::cancellation_state);
    if (!task)
        co_return co_await detail::run_as_task(
            with_cleanup(std::move(body), std::move(cleanup), grace, where)
        );

    outcome<result_type> result = co_await detail::settle(body);
    std::exception_ptr failed;
    {
        detail::grace_scope scope(*task, grace, where);
        outcome<void> cleaned = co_await detail::settle(cleanup);
        failed = cleaned.exception();
        if (scope.cut(failed))
            failed = scope.tell_of_cut(result.exception() != nullptr, failed);
    }
    if (const auto error = detail::error_of_both(result.exception(), failed))
        std::rethrow_exception(error);
    co_return std::move(result).get();
}

} // namespace rill::RILL_FORM

#ifndef RILL_SEPARATE_COMPILATION
#include <rill/impl/cleanup.ipp>
#endif
