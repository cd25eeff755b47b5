// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/bytes.hpp>
#include <rill/schema_fwd.hpp>

#include <boost/describe/class.hpp>

#include <chrono>
#include <cstddef>

namespace rill::http {

/// What one connection may cost, as code and as a section of a conf file. Every limit is on by
/// default.
///
/// Sizes are inclusive: a request line of exactly `request_line` bytes is served, one byte more is
/// refused with the status given beside the limit. A limit of time that is milliseconds::max(), in
/// a conf file "never", is none.
struct settings {
    bytes request_line = kib(8);     ///< Without its CRLF. 414.
    bytes header_section = kib(32);  ///< All field lines with their CRLFs. 431.
    std::size_t header_fields = 100; ///< 431.
    bytes chunk_line{256};           ///< Size and extensions of a chunk, without CRLF. 400.
    bytes chunk_extensions = kib(4); ///< Of a whole message. 400.
    bytes trailer_section = kib(4);  ///< All trailer lines with their CRLFs. 400.
    std::size_t trailer_fields = 16; ///< 400.
    bytes body = mib(1);             ///< Content of a request. 413.

    /// Requests whose answers are gathered before anything is written.
    std::size_t pipelined = 16;

    /// After this many the last response says `Connection: close`; 0 means no limit.
    std::size_t requests_per_connection = 1000;

    /// Age at which a response says `Connection: close`, give or take a tenth.
    std::chrono::milliseconds connection_age{std::chrono::hours(1)};

    /// From accept to the first byte; after it, closes without an answer.
    std::chrono::milliseconds first_byte_timeout{std::chrono::seconds(10)};

    /// From the first byte of a head to its last. 408.
    std::chrono::milliseconds header_timeout{std::chrono::seconds(10)};

    /// Between two requests of a connection; after it, closes.
    std::chrono::milliseconds keep_alive_idle{std::chrono::seconds(75)};

    /// How long whoever drains a server lets idle connections send one more request.
    std::chrono::milliseconds keep_alive_grace{std::chrono::seconds(2)};

    /// Between two pieces of a body. 408.
    std::chrono::milliseconds body_gap{std::chrono::seconds(15)};

    /// A second's worth that a body must reach once it has taken `body_rate_grace`. 408.
    bytes body_rate = kib(1);
    std::chrono::milliseconds body_rate_grace{std::chrono::seconds(10)};

    /// From the first byte of a request to its response; the handler is then cancelled. 504.
    std::chrono::milliseconds request_timeout{std::chrono::seconds(60)};

    /// Silence of a peer that does not read what is written to it; closes.
    std::chrono::milliseconds write_stall{std::chrono::seconds(30)};

    /// What is still read behind the last response, of a body that nobody wants, so that a peer
    /// which sends all of it first sees the response rather than a reset: so many bytes, until the
    /// peer is silent for so long, for so long in all, and of so many connections of a server at
    /// once. Others are closed as they stand.
    bytes unread_body = mib(64);
    std::chrono::milliseconds unread_gap{std::chrono::seconds(5)};
    std::chrono::milliseconds unread_timeout{std::chrono::seconds(30)};
    std::size_t unread_connections = 256;
};
BOOST_DESCRIBE_STRUCT(
    settings,
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
     unread_gap,
     unread_timeout,
     unread_connections)
)

/// The keys of a conf file, with their ranges.
void describe(schema<settings>& s);

} // namespace rill::http

extern template const rill::described::table& rill::described::table_of<rill::http::settings>();
