// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/awaitable.hpp>
#include <rill/detail/net_detail.hpp>
#include <rill/detail/write_pump.hpp>
#include <rill/stream_socket.hpp>

namespace rill::RILL_FORM::net_detail {

/// Until the socket has taken everything that was written. Errors and cancellation: as of drain.
awaitable<void> flush_all(write_pump<stream_socket>::pointer writer);

} // namespace rill::RILL_FORM::net_detail
