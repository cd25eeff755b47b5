// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/detail/form.hpp>
#include <rill/task.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/this_coro.hpp>

#include <source_location>
#include <utility>

namespace rill::RILL_FORM::detail {

/// Gives a coroutine that was started with plain co_spawn what needs a control block: `body` runs
/// as a task of its own, on the coroutine's executor, and a cancellation of the caller goes on to
/// it.
template <class T>
awaitable<T> run_as_task(awaitable<T> body)
{
    const asio::any_io_executor here = co_await asio::this_coro::executor;
    loop_core& core = loop_core::of(here);
    const new_task<T> inner(core, {}, std::source_location::current());
    if (const auto* of_task = here.target<task_executor<asio::any_io_executor>>())
        inner.data().run_on(of_task->inner());
    else if (!home_of(core, here).here)
        inner.data().run_on(here);
    inner.start(std::move(body));
    task<T> handle = task_access::handle(inner.data());
    co_return co_await std::move(handle);
}

#ifdef RILL_SEPARATE_COMPILATION // compiled with the library
extern template awaitable<void> run_as_task<void>(awaitable<void>);
#endif

} // namespace rill::RILL_FORM::detail
