// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/endpoint.hpp>

#include <cstdint>

namespace rill {

/// The versions of HAProxy's PROXY protocol (its proxy-protocol.txt): what a load balancer sends
/// before all else, to say whose connection it passes on. See server_options::proxy_protocol_from
/// and connect_options::proxy_protocol. (What has a proxy connect to somewhere is a rill::proxy.)
enum class proxy_protocol : std::uint8_t {
    v1, ///< A line of text. It knows no unix sockets, and says UNKNOWN of them.
    v2, ///< The same in binary.
};

/// Whose connection is passed on, and where he had connected to.
struct relayed_addresses {
    endpoint source;
    endpoint destination;
};

} // namespace rill
