// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/awaitable.hpp>
#include <rill/context_var.hpp>
#include <rill/detail/form.hpp>
#include <rill/detail/loop/delivery_slot.hpp>
#include <rill/future.hpp>
#include <rill/handle.hpp>
#include <rill/thread_pool.hpp>

#include <boost/asio/execution/executor.hpp>
#include <boost/asio/is_executor.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>

#include <chrono>
#include <functional>
#include <memory>
#include <type_traits>
#include <utility>

namespace rill::RILL_FORM {

namespace detail {

template <class F, class... Args>
using called_t = std::remove_cvref_t<std::invoke_result_t<F, Args...>>;

template <class Executor>
concept plain_executor = asio::execution::is_executor<std::remove_cvref_t<Executor>>::value ||
                         asio::is_executor<std::remove_cvref_t<Executor>>::value;

} // namespace detail

/// Calls `f(args...)` on a thread of the loop's default executor, and gives its result or throws
/// its exception on the loop's thread. Mirrors asyncio.to_thread.
///
/// The call gets copies of what is given, and sees a copy of the caller's context variables. It
/// begins when this is awaited. The executor is made at its first use, with
/// thread_pool::default_threads() threads, unless loop::set_default_executor gave another;
/// std::logic_error once it was shut down.
///
/// Cancellation: the wait ends at once. A call that has not begun will never run, and what it holds
/// is destroyed; one that has begun runs on, and its outcome is dropped, after the loop's end too.
template <class F, class... Args>
awaitable<detail::called_t<F, Args...>> to_thread(F f, Args... args);

/// The same on a pool of the program's own, which must outlive the call; std::logic_error if the
/// pool is closed. Mirrors loop.run_in_executor.
template <class F, class... Args>
awaitable<detail::called_t<F, Args...>> run_in_executor(thread_pool& pool, F f, Args... args);

/// The same on any executor of Asio's kind.
template <detail::plain_executor Executor, class F, class... Args>
awaitable<detail::called_t<F, Args...>> run_in_executor(Executor ex, F f, Args... args);

/// The default executor takes no more calls, and those that it has are waited for. False if `grace`
/// is over before: then this is reported, and their threads are left to themselves. Mirrors
/// loop.shutdown_default_executor. Cancellation: their threads are left to themselves.
awaitable<bool> shutdown_default_executor(duration grace = std::chrono::minutes(5));

} // namespace rill::RILL_FORM

#include <rill/impl/to_thread.hpp>

#ifndef RILL_SEPARATE_COMPILATION
#include <rill/impl/to_thread.ipp>
#endif
