// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/awaitable.hpp>
#include <rill/connect_error.hpp>
#include <rill/connect_options.hpp>
#include <rill/stream.hpp>

#include <string>

namespace rill {

/// Connects over TCP. Mirrors asyncio.open_connection, with happy eyeballs unless told otherwise.
///
/// `host` is a name or an address, see look_up. Its addresses are tried as RFC 8305 says: the
/// families in turn, beginning with that of the resolver's first address; the next one as soon as the
/// latest has failed, or has not answered for the attempt_delay. Those that were begun go on beside
/// it. The first that answers is it, and the others are closed before this returns. What was kept
/// of the host's addresses is forgotten when none of them can be connected to.
///
/// Errors: connect_error, of a TLS handshake as well; std::invalid_argument, at the call, for a host
/// that none can be, a server_name without TLS and a server's tls_context.
/// Cancellation: total, no socket is left behind; nor is one by the end of the loop.
awaitable<stream>
open_connection(std::string host, unsigned short port, connect_options options = {});

/// Connects to the unix socket at `path`. Mirrors asyncio.open_unix_connection. "@name" is an
/// abstract name, which Linux keeps apart from the file system; a file of such a name is "./@name".
///
/// Errors: as open_connection; std::invalid_argument for options that unix sockets have not: a
/// proxy, a local address of TCP. With TLS, a server_name has to be given, or std::logic_error.
awaitable<stream> open_unix_connection(std::string path, connect_options options = {});

} // namespace rill
