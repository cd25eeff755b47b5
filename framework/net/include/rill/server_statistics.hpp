// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <cstddef>
#include <cstdint>

namespace rill {

/// What has happened to a server so far, and how it stands.
struct server_statistics {
    std::uint64_t accepted = 0; ///< Connections that were let in; of a relay, before it says whose.
    std::uint64_t refused_denied = 0;        ///< Closed: server_options::allow and deny.
    std::uint64_t refused_per_peer = 0;      ///< The same: max_connections_per_peer.
    std::uint64_t proxy_protocol_errors = 0; ///< Headers that were wrong, missing or too late.
    std::size_t active = 0;                  ///< Open now, or being flushed after their handler.
    std::size_t most_active = 0;             ///< At once, so far.
    std::uint64_t handshake_errors = 0;      ///< TLS handshakes that failed or took too long.
    std::uint64_t handler_errors = 0;        ///< Exceptions of handlers.
    std::uint64_t out_of_resources = 0; ///< Times that accept found no descriptor or memory left.
    std::uint64_t accept_errors = 0; ///< Times that it failed otherwise, for the server as a whole.
};

} // namespace rill
