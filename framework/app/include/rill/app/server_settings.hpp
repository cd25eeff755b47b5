// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/app/socket_settings.hpp>
#include <rill/app/tls_settings.hpp>
#include <rill/schema_fwd.hpp>

#include <boost/describe/class.hpp>

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace rill {

class server_options;

} // namespace rill

namespace rill::app {

/// Where a service listens and whom it serves: a section of its conf file, usually [server], with TLS
/// in [server.tls] and the system's part in [server.socket]. What every service has; tcp_settings and
/// http_settings add what their protocol needs.
struct server_settings {
    server_settings() = default;

    explicit server_settings(std::string place)
        : listen(1, std::move(place))
    {}

    std::vector<std::string> listen{"127.0.0.1:0"}; ///< See rill::listen_address.

    // Of the process: its workers divide the first, and count the other together.
    std::size_t max_connections = 10'000;
    std::optional<std::size_t> max_connections_per_peer;

    std::vector<std::string> allow; ///< See rill::network and server_options::allow.
    std::vector<std::string> deny;
    std::vector<std::string> proxy_protocol_from; ///< See server_options::proxy_protocol_from.
    std::chrono::milliseconds proxy_protocol_timeout{std::chrono::seconds(5)};
    tls_settings tls;
    listening_socket_settings socket;
};
BOOST_DESCRIBE_STRUCT(
    server_settings,
    (),
    (listen,
     max_connections,
     max_connections_per_peer,
     allow,
     deny,
     proxy_protocol_from,
     proxy_protocol_timeout,
     tls,
     socket)
)

/// For a service with a protocol of its own.
void describe(schema<server_settings>& s);

/// What a rill::server is made with. tls_error, naming the file, if one cannot be used.
server_options make_options(const server_settings& settings);

} // namespace rill::app

extern template const rill::described::table&
rill::described::table_of<rill::app::server_settings>();
