// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/log_record.hpp>
#include <rill/schema.hpp>

#include <chrono>
#include <cstddef>
#include <string>

namespace rill::log {

BOOST_DESCRIBE_ENUM(level, debug, info, warning, error)

} // namespace rill::log

namespace rill::app {

/// How a log line looks.
enum class log_format {
    automatic, // text on a terminal, json elsewhere
    text,
    json,
};
BOOST_DESCRIBE_ENUM(log_format, automatic, text, json)

/// What every service has in its conf file. A service's config nests it, usually as [service]:
///
///     struct config {
///         echo::server server;
///         rill::app::settings service;
///     };
struct settings {
    std::size_t workers = 0;
    std::chrono::milliseconds drain_delay{0};
    std::chrono::milliseconds drain_timeout{20'000};
    log::level log_level = log::level::info;
    app::log_format log_format = app::log_format::automatic;
    std::size_t log_queue = 2048;
    std::string admin_socket = "auto";
    bool debug = false;
    std::chrono::milliseconds slow_step{100};
};
BOOST_DESCRIBE_STRUCT(
    settings,
    (),
    (workers,
     drain_delay,
     drain_timeout,
     log_level,
     log_format,
     log_queue,
     admin_socket,
     debug,
     slow_step)
)

/// Declared here and compiled once.
void describe(schema<settings>& s);

} // namespace rill::app

extern template const rill::described::table& rill::described::table_of<rill::app::settings>();
