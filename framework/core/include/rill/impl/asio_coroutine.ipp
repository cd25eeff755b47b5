// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/detail/loop/asio_coroutine.hpp>

#include <boost/asio/async_result.hpp>

namespace rill::RILL_FORM::detail {

RILL_DECL void start_coroutine(
    task_frame frame,
    const asio::any_io_executor& ex,
    asio::cancellation_slot slot,
    asio::cancellation_state state,
    coroutine_chain& chain
)
{
    asio::detail::awaitable_thread<asio::any_io_executor> thread(std::move(frame), ex, slot, state);
    chain.thread = thread.entry_point();
    thread.launch();
}

} // namespace rill::RILL_FORM::detail
