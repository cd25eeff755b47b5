// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/bytes.hpp>
#include <rill/http/limits.hpp>
#include <rill/schema.hpp>

#include <boost/describe/class.hpp>

#include <chrono>
#include <cstddef>

namespace hello {

/// rill::http::limits as a section of a conf file; the defaults are the same.
struct http_settings {
    rill::bytes request_line = rill::kib(8);
    rill::bytes header_section = rill::kib(32);
    std::size_t header_fields = 100;
    rill::bytes chunk_line{256};
    rill::bytes chunk_extensions = rill::kib(4);
    rill::bytes trailer_section = rill::kib(4);
    std::size_t trailer_fields = 16;
    rill::bytes body = rill::mib(1);
    std::size_t pipelined = 16;
    std::size_t requests_per_connection = 1000;
    std::chrono::milliseconds connection_age = std::chrono::hours(1);
    std::chrono::milliseconds first_byte_timeout = std::chrono::seconds(10);
    std::chrono::milliseconds header_timeout = std::chrono::seconds(10);
    std::chrono::milliseconds keep_alive_idle = std::chrono::seconds(75);
    std::chrono::milliseconds keep_alive_grace = std::chrono::seconds(2);
    std::chrono::milliseconds body_gap = std::chrono::seconds(15);
    rill::bytes body_rate = rill::kib(1);
    std::chrono::milliseconds body_rate_grace = std::chrono::seconds(10);
    std::chrono::milliseconds request_timeout = std::chrono::seconds(60);
    std::chrono::milliseconds write_stall = std::chrono::seconds(30);
    rill::bytes unread_body = rill::kib(64);
    std::chrono::milliseconds unread_timeout = std::chrono::seconds(5);
};
BOOST_DESCRIBE_STRUCT(
    http_settings,
    (),
    (request_line,
     header_section,
     header_fields,
     chunk_line,
     chunk_extensions,
     trailer_section,
     trailer_fields,
     body,
     pipelined,
     requests_per_connection,
     connection_age,
     first_byte_timeout,
     header_timeout,
     keep_alive_idle,
     keep_alive_grace,
     body_gap,
     body_rate,
     body_rate_grace,
     request_timeout,
     write_stall,
     unread_body,
     unread_timeout)
)

/// Declared here and compiled once.
void describe(rill::schema<http_settings>& s);

rill::http::limits limits_of(const http_settings& settings);

} // namespace hello
