// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/app/tls_settings.hpp>
#include <rill/bytes.hpp>
#include <rill/schema_fwd.hpp>

#include <boost/describe/class.hpp>

#include <chrono>
#include <cstddef>
#include <string>

namespace rill::app {

/// Where a service listens for connections and what one may cost: a section of its conf file,
/// usually [server]. See context::serve_tcp.
///
///     struct config {
///         rill::app::tcp_settings server{"127.0.0.1:7007"};
///         rill::app::settings service;
///     };
struct tcp_settings {
    std::string listen = "127.0.0.1:0";
    std::size_t max_connections = 10'000; ///< Of the process: its workers divide them.
    bytes read_limit = kib(64);           ///< See stream_reader.
    bytes write_high = kib(64);           ///< See write_options::watermarks.
    bytes write_low = kib(16);
    std::chrono::milliseconds write_stall{std::chrono::seconds(30)};
    tls_settings tls{};
};
BOOST_DESCRIBE_STRUCT(
    tcp_settings, (), (listen, max_connections, read_limit, write_high, write_low, write_stall, tls)
)

void describe(schema<tcp_settings>& s);

} // namespace rill::app
