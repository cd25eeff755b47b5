// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/cleanup.hpp>
#include <rill/detail/form.hpp>
#include <rill/detail/simulation.hpp>
#include <rill/testing/failure.hpp>

#include <source_location>
#include <string>
#include <utility>

namespace rill::RILL_FORM {

namespace testing {

/// Runs `body`, an awaitable or a callable, and gives its result. Throws failure unless it has
/// suspended: let the other tasks run, at least once. Mirrors trio's assert_checkpoints.
///
/// A body that throws is held to it too: what it threw passes unchanged, or stands in the failure.
/// In a task that is cancelled already the body does not begin, and the cancellation is thrown.
template <class Body>
awaitable<extend::body_result_t<Body>>
assert_checkpoints(Body body, std::source_location where = std::source_location::current());

/// The same for a body that must not suspend. Mirrors trio's assert_no_checkpoints.
template <class Body>
awaitable<extend::body_result_t<Body>>
assert_no_checkpoints(Body body, std::source_location where = std::source_location::current());

// Implementation

} // namespace testing

namespace testing::simulation {

template <class Body>
awaitable<body_result_t<Body>> check_suspends(Body body, bool expected, std::source_location where)
{
    auto* task = running_task(co_await asio::this_coro::cancellation_state);
    if (!task)
        co_return co_await run_as_task(check_suspends(std::move(body), expected, where));
    const auto before = task->steps;
    auto result = co_await extend::settle(body);
    const bool suspended = task->steps != before;
    if (suspended != expected) {
        std::string text = expected ? "the body did not suspend" : "the body suspended";
        text += extend::at(where);
        if (result.exception())
            text += "; it threw: " + extend::text_of(result.exception());
        throw testing::failure(text);
    }
    co_return std::move(result).get();
}

} // namespace testing::simulation

namespace testing {

template <class Body>
awaitable<extend::body_result_t<Body>> assert_checkpoints(Body body, std::source_location where)
{
    return simulation::check_suspends(std::move(body), true, where);
}

template <class Body>
awaitable<extend::body_result_t<Body>> assert_no_checkpoints(Body body, std::source_location where)
{
    return simulation::check_suspends(std::move(body), false, where);
}

} // namespace testing

} // namespace rill::RILL_FORM
