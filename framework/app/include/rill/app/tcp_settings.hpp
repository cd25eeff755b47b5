// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/app/server_settings.hpp>
#include <rill/bytes.hpp>
#include <rill/schema_fwd.hpp>

#include <boost/describe/class.hpp>

#include <chrono>

namespace rill::app {

/// Where a service listens for connections and what one may cost: a section of its conf file,
/// usually [server]. See context::serve_tcp.
///
///     struct config {
///         rill::app::tcp_settings server{"127.0.0.1:7007"};
///         rill::app::settings service;
///     };
struct tcp_settings : server_settings {
    using server_settings::server_settings;

    bytes read_limit = kib(64); ///< See stream_reader.
    bytes write_high = kib(64); ///< See write_options::watermarks.
    bytes write_low = kib(16);
    std::chrono::milliseconds write_stall{std::chrono::seconds(30)};
};
BOOST_DESCRIBE_STRUCT(
    tcp_settings, (server_settings), (read_limit, write_high, write_low, write_stall)
)

void describe(schema<tcp_settings>& s);

} // namespace rill::app

extern template const rill::described::table& rill::described::table_of<rill::app::tcp_settings>();
