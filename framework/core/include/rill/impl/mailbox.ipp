// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/detail/loop/mailbox.hpp>

namespace rill::RILL_FORM::detail {

RILL_DECL bool mailbox::runs_here()
{
    const std::lock_guard lock(mutex_);
    asio::io_context* io = io_.load(std::memory_order_relaxed);
    return io && io->get_executor().running_in_this_thread();
}

RILL_DECL void mailbox::close()
{
    const std::lock_guard lock(mutex_);
    io_.store(nullptr, std::memory_order_relaxed);
}

} // namespace rill::RILL_FORM::detail
