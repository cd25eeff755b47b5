// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/clock.hpp>
#include <rill/detail/needs_net.hpp>

#include <chrono>
#include <optional>

namespace rill {

/// What the system is told of a connection's socket. What is not said stays as the system has it.
/// Simulated sockets take no notice.
class socket_options {
public:
    socket_options() {}

    /// A TCP peer that has been silent for `idle` is asked whether he is still there, `probes` times
    /// with `interval` between them; if nothing comes back the connection is lost. Whole seconds,
    /// from 1 to 32767. std::invalid_argument where that, or from 1 to 127 probes, is not what is asked
    /// for.
    socket_options&
    keepalive(duration idle, duration interval = std::chrono::seconds(10), int probes = 6);

    /// A TCP peer that acknowledges nothing of what was sent for so long is lost (TCP_USER_TIMEOUT).
    /// Whole milliseconds. std::invalid_argument unless more than none.
    socket_options& user_timeout(duration d);

    /// The kernel's buffers, in bytes, within the system's bounds. Given, they do not grow by
    /// themselves any more.
    socket_options& receive_buffer(int bytes)
    {
        receive_bytes = bytes;
        return *this;
    }

    socket_options& send_buffer(int bytes)
    {
        send_bytes = bytes;
        return *this;
    }

    struct probing {
        std::chrono::seconds idle;
        std::chrono::seconds interval;
        int probes;
    };

    std::optional<probing> kept_alive;
    std::optional<std::chrono::milliseconds> unacknowledged;
    std::optional<int> receive_bytes;
    std::optional<int> send_bytes;
};

} // namespace rill
