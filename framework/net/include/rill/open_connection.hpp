// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/awaitable.hpp>
#include <rill/clock.hpp>
#include <rill/stream.hpp>

#include <chrono>
#include <string>

namespace rill {

/// How a connection is opened, and the options of its stream.
class connect_options : public stream_options {
public:
    connect_options() {}
    connect_options(const stream_options& options)
        : stream_options(options)
    {}

    /// For the look-up and all attempts together; an attempt that is not the last has its part of
    /// what is left, see open_connection. `forever`: as long as the system tries.
    connect_options& timeout(duration d)
    {
        connect_timeout = d;
        return *this;
    }

    duration connect_timeout = std::chrono::seconds(30);
};

/// Connects over TCP. Mirrors asyncio.open_connection.
///
/// `host` is a name or an address; addresses are used as they are, and names are looked up on
/// threads of Rill's own, so that a cancel need not wait for the look-up. The addresses are tried
/// in the resolver's order until one answers. What is left of the timeout, or of a shorter one
/// around the call, is divided among the addresses that have not been tried: one that does not answer
/// uses up its part, though at least 2 s, and not the time of the others.
///
/// Up to four names are looked up at once in a program, and up to 4096 look-ups wait behind them;
/// beyond that a call fails at once with try_again.
///
/// Errors: system_error, whose text lists every address with its own error if they differ;
/// timeout_error. Cancellation: total, no socket is left behind; nor is one by the end of the loop.
awaitable<stream>
open_connection(std::string host, unsigned short port, connect_options options = {});

/// Connects to the unix socket at `path`. Mirrors asyncio.open_unix_connection.
awaitable<stream> open_unix_connection(std::string path, connect_options options = {});

} // namespace rill
