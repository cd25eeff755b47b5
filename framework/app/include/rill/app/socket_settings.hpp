// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/bytes.hpp>
#include <rill/schema_fwd.hpp>

#include <boost/describe/class.hpp>

#include <chrono>
#include <optional>

namespace rill {

class socket_options;

} // namespace rill

namespace rill::app {

/// What the system is told of connections that a service makes: a section of its conf file,
/// [upstream.socket] say. What is not set stays as the system has it.
struct socket_settings {
    std::optional<std::chrono::seconds> keepalive_idle{};
    std::chrono::seconds keepalive_interval{10};
    int keepalive_probes = 6;
    std::optional<std::chrono::milliseconds> user_timeout{};
    std::optional<bytes> receive_buffer{};
    std::optional<bytes> send_buffer{};
};
BOOST_DESCRIBE_STRUCT(
    socket_settings,
    (),
    (keepalive_idle, keepalive_interval, keepalive_probes, user_timeout, receive_buffer, send_buffer
    )
)

void describe(schema<socket_settings>& s);

socket_options make_options(const socket_settings& settings);

/// The same of those that it accepts, and of the socket that it listens with; usually [server.socket].
struct listening_socket_settings : socket_settings {
    int backlog = 4096;
};
BOOST_DESCRIBE_STRUCT(listening_socket_settings, (socket_settings), (backlog))

void describe(schema<listening_socket_settings>& s);

} // namespace rill::app

extern template const rill::described::table&
rill::described::table_of<rill::app::socket_settings>();
extern template const rill::described::table&
rill::described::table_of<rill::app::listening_socket_settings>();
