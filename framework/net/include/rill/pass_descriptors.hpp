// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/awaitable.hpp>
#include <rill/detail/needs_net.hpp>
#include <rill/stream.hpp>
#include <rill/unique_fd.hpp>

#include <cstddef>
#include <string>
#include <vector>

namespace rill {

/// What receive_descriptors gives.
struct received_descriptors {
    std::string message;                ///< Empty: the peer has sent all.
    std::vector<unique_fd> descriptors; ///< Close-on-exec, in the order of sending.
};

/// Sends descriptors of this process to the one at the other end of a unix socket, along with a
/// message of at least a byte, which says what they are. Mirrors socket.send_fds. Returns once the
/// system has them; they may be closed then, and are open in the other process.
///
/// What was written before leaves first.
///
/// Errors: system_error; operation_not_supported for anything but a unix socket of the system's, TLS
/// over one included. std::invalid_argument, at the call, for no message and for more than 253
/// descriptors.
/// Cancellation: total before the first byte of the message has left, else partial. Lifetime: the
/// stream must outlive the call, and so must the descriptors.
awaitable<void> send_descriptors(stream& s, std::string message, std::vector<int> descriptors);

/// Receives what send_descriptors sends: a message of up to `most_bytes`, and with it up to
/// `most_descriptors`. Mirrors socket.recv_fds. What was sent as one may come in several, of which
/// the first has the descriptors. What was written before it may come with it; what two calls have
/// sent never does.
///
/// A read of the stream's reader takes the bytes, and the descriptors are lost: the two sides have to
/// agree when descriptors come.
///
/// Errors: as above; std::logic_error if the reader holds bytes already. If more descriptors were sent, message_size, and all
/// are closed.
/// Cancellation: total. Lifetime: the stream must outlive the call.
awaitable<received_descriptors>
receive_descriptors(stream& s, std::size_t most_bytes, std::size_t most_descriptors);

} // namespace rill
