// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/detail/loop/task_frame.hpp>

#include <cassert>

namespace rill::RILL_FORM::detail {

RILL_DECL void task_promise::start(const asio::any_io_executor& ex)
{
    asio::detail::awaitable_thread<asio::any_io_executor> thread(
        asio_frame::get_return_object(), ex, later_.slot(), cancellation()
    );
    assert(thread.entry_point() == static_cast<void*>(this) && "coroutines know their task by it");
    thread.launch();
}

} // namespace rill::RILL_FORM::detail
