// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "http_settings.hpp"

#include <rill/app/settings.hpp>
#include <rill/schema.hpp>

#include <boost/describe/class.hpp>

#include <cstddef>
#include <string>

namespace hello {

/// Where the service listens and whom it serves.
struct server {
    std::string listen = "127.0.0.1:8080";
    std::size_t max_connections = 10'000;
};
BOOST_DESCRIBE_STRUCT(server, (), (listen, max_connections))

/// Settings of the hello service; the defaults are those shown in conf/hello.toml.
struct config {
    hello::server server;
    http_settings http;
    rill::app::settings service;
};
BOOST_DESCRIBE_STRUCT(config, (), (server, http, service))

/// Declared here and compiled once.
void describe(rill::schema<server>& s);
void describe(rill::schema<config>& s);

} // namespace hello
