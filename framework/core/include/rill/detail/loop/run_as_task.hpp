// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/detail/form.hpp>
#include <rill/task.hpp>

namespace rill::RILL_FORM::detail {

/// Gives a coroutine that was started with plain co_spawn what needs a control block: `body` runs
/// as a task of its own, and a cancellation of the caller goes on to it.
template <class T>
awaitable<T> run_as_task(awaitable<T> body)
{
    auto inner = create_task(co_await asio::this_coro::executor, std::move(body));
    co_return co_await std::move(inner);
}

} // namespace rill::RILL_FORM::detail
