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
/// The look-up blocks a thread of Rill's own, of which there are few for the whole program. One
/// that is cancelled, or whose loop ends, is abandoned: it ends whenever the system is done with it,
/// unheard.
awaitable<std::vector<endpoint>> resolve(std::string host, unsigned short port);

} // namespace rill::RILL_FORM::net_detail
