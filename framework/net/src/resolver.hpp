// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/awaitable.hpp>
#include <rill/endpoint.hpp>

#include <string>
#include <vector>

namespace rill::RILL_FORM::net_detail {

/// The TCP addresses of `host`, in the resolver's order and without duplicates. An IP address is
/// taken as it is. An empty host gives the addresses for all interfaces.
///
/// Look-ups block threads of Rill's own: up to four at once for the whole program, and up to 4096
/// wait behind them; beyond that one fails with try_again. One that is cancelled, or whose loop
/// ends, is not begun; if it has begun, it ends whenever the system is done with it, unheard.
awaitable<std::vector<endpoint>> resolve(std::string host, unsigned short port);

} // namespace rill::RILL_FORM::net_detail
