// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/app/tls_settings.hpp>
#include <rill/http/settings.hpp>
#include <rill/schema_fwd.hpp>

#include <boost/describe/class.hpp>

#include <cstddef>
#include <string>

namespace rill::app {

/// Where a service listens for HTTP, and its limits: a section of its conf file, usually [server],
/// with TLS in [server.tls] and the limits in [server.http]. See context::serve_http.
struct http_settings {
    std::string listen = "127.0.0.1:8080";
    std::size_t max_connections = 10'000; ///< Of the process: its workers divide them.
    tls_settings tls{};
    rill::http::settings http{};
};
BOOST_DESCRIBE_STRUCT(http_settings, (), (listen, max_connections, tls, http))

void describe(schema<http_settings>& s);

} // namespace rill::app
