// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/awaitable.hpp>
#include <rill/detail/form.hpp>
#include <rill/detail/wait/deadline_scope.hpp>
#include <rill/detail/wait/remote_operation.hpp>
#include <rill/thread_future.hpp>
#include <rill/to_thread.hpp>

#include <boost/asio/any_io_executor.hpp>

#include <source_location>

namespace rill::RILL_FORM {

namespace detail {

/// An executor, or what has one: an io_context, a loop, a loop_thread.
template <class L>
concept has_a_loop =
    plain_executor<L> || requires(L& l) { asio::any_io_executor(l.get_executor()); };

} // namespace detail

/// Runs `body`, an awaitable or a callable that gives one, as a task of another loop, and gives its
/// result or throws its exception here. Mirrors awaiting wrap_future(run_coroutine_threadsafe(…)).
///
///     rill::loop_thread worker;
///     const int n = co_await rill::run_on(worker, [&]() -> awaitable<int> { … });
///
/// `there` is an executor of that loop, or what has one: an io_context, a loop, a loop_thread. Who
/// waits may be in a task, or in any other coroutine of Asio's, on a strand of a pool for one: it
/// goes on on its own executor. The body begins when this is awaited, with a copy of the caller's
/// context variables. What it refers to, it uses on the other thread.
///
/// Cancellation crosses: the task is cancelled, and the wait lasts until that has really ended; a
/// value or an error that it ends with nevertheless is passed on. What has not begun never does. If
/// the waiting coroutine is destroyed instead, a task is cancelled all the same.
///
/// Errors: errc::loop_ended if the loop has ended or ends before the task; std::invalid_argument if
/// `there` is no io_context's. An io_context that nobody runs keeps the wait waiting.
/// Lifetime: the io_context of `there` until this has begun.
template <detail::has_a_loop Loop, class Body>
awaitable<detail::body_result_t<Body>>
run_on(Loop&& there, Body body, std::source_location where = std::source_location::current());

/// The same for any completion token. So it is also how a combinator is given one: with the loop of
/// a program's own io_context,
///
///     rill::async_run_on(io, rill::timeout(1s, queue.get()), [](std::exception_ptr e, int n) { … });
///
/// Completes with void(std::exception_ptr, T), or void(std::exception_ptr) where the body gives
/// nothing; T{} beside an exception. A handler without an executor of its own is called on the
/// loop's, and so not at all once nobody runs that.
template <detail::has_a_loop Loop, class Body, class Token>
auto async_run_on(Loop&& there, Body body, Token&& token);

} // namespace rill::RILL_FORM

#include <rill/impl/run_on.hpp>
