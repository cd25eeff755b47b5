// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/app/settings.hpp>
#include <rill/schema.hpp>

#include <boost/describe/class.hpp>
#include <boost/describe/enum.hpp>

#include <chrono>
#include <cstddef>
#include <string>

namespace echo {

/// What is sent back.
enum class mode {
    raw,  // every byte, as it comes
    line, // whole lines
};
BOOST_DESCRIBE_ENUM(mode, raw, line)

/// Where the service listens and whom it serves.
struct server {
    std::string listen = "127.0.0.1:7007";
    std::size_t max_connections = 10'000;
    std::chrono::milliseconds idle_timeout{60'000};
    std::chrono::milliseconds write_stall{30'000};
    echo::mode mode = echo::mode::raw;
};
BOOST_DESCRIBE_STRUCT(server, (), (listen, max_connections, idle_timeout, write_stall, mode))

/// Settings of the echo service; the defaults are those shown in conf/echo.toml.
struct config {
    echo::server server;
    rill::app::settings service;
};
BOOST_DESCRIBE_STRUCT(config, (), (server, service))

/// Declared here and compiled once.
void describe(rill::schema<server>& s);
void describe(rill::schema<config>& s);

} // namespace echo
