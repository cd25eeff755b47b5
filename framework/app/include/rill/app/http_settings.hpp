// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/app/server_settings.hpp>
#include <rill/http/settings.hpp>
#include <rill/schema_fwd.hpp>

#include <boost/describe/class.hpp>

namespace rill::app {

/// Where a service listens for HTTP, and its limits: a section of its conf file, usually [server],
/// with the limits in [server.http]. See context::serve_http.
struct http_settings : server_settings {
    using server_settings::server_settings;

    http_settings()
        : server_settings("127.0.0.1:8080")
    {}

    rill::http::settings http{};
};
BOOST_DESCRIBE_STRUCT(http_settings, (server_settings), (http))

void describe(schema<http_settings>& s);

} // namespace rill::app

extern template const rill::described::table& rill::described::table_of<rill::app::http_settings>();
