// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/awaitable.hpp>
#include <rill/detail/net_detail.hpp>
#include <rill/detail/read_pump.hpp>
#include <rill/detail/write_pump.hpp>
#include <rill/stream_socket.hpp>
#include <rill/tls_context.hpp>

#include <string>

namespace rill::RILL_FORM::net_detail {

/// See stream::start_tls. `peer`: who that is, where no name is expected.
awaitable<void> start_tls(
    read_pump<stream_socket>::pointer reader,
    write_pump<stream_socket>::pointer writer,
    tls_context context,
    std::string name,
    std::string peer
);

} // namespace rill::RILL_FORM::net_detail
