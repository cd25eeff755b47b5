// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/detail/needs_net.hpp>
#include <rill/stream.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/basic_stream_socket.hpp>

#include <utility>

namespace rill {

/// A stream over a connected stream socket that was made elsewhere: inherited, received from another
/// process, accepted by a library; TCP or unix, on the loop of `ex`. Mirrors
/// loop.connect_accepted_socket, and create_connection with a socket.
///
/// `descriptor` is the stream's from the call on, and closed if this throws. It becomes
/// close-on-exec.
///
/// Errors: system_error if it is no socket; std::invalid_argument if it is none of streams, or
/// listens.
stream adopt_connection(
    const asio::any_io_executor& ex, int descriptor, const stream_options& options = {}
);

/// The same on the loop that this thread runs.
stream adopt_connection(int descriptor, const stream_options& options = {});

/// The same for a socket of Asio's, whatever its executor: `adopt_connection(std::move(socket))`. What
/// waits on it ends with operation_aborted.
template <class Protocol, class Executor>
stream adopt_connection(
    asio::basic_stream_socket<Protocol, Executor> socket, const stream_options& options = {}
)
{
    return adopt_connection(socket.release(), options);
}

} // namespace rill
