// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace rill::http {

/// What one connection may cost. Every limit is on by default.
///
/// Sizes are in bytes and inclusive: a request line of exactly `request_line` bytes is served,
/// one byte more is refused with the status given beside the limit.
struct limits {
    std::size_t request_line = 8 * 1024;     ///< Without its CRLF. 414.
    std::size_t header_section = 32 * 1024;  ///< All field lines with their CRLFs. 431.
    std::size_t header_fields = 100;         ///< 431.
    std::size_t chunk_line = 256;            ///< Size and extensions of a chunk, without CRLF. 400.
    std::size_t chunk_extensions = 4 * 1024; ///< Of a whole message. 400.
    std::size_t trailer_section = 4 * 1024;  ///< All trailer lines with their CRLFs. 400.
    std::size_t trailer_fields = 16;         ///< 400.
    std::uint64_t body = 1024 * 1024;        ///< Content of a request. 413.

    /// Requests whose answers are gathered before anything is written.
    std::size_t pipelined = 16;

    /// After this many the last response says `Connection: close`; 0 means no limit.
    std::size_t requests_per_connection = 1000;

    /// Age at which a response says `Connection: close`, give or take a tenth; 0 means no limit.
    std::chrono::milliseconds connection_age{std::chrono::hours(1)};

    /// From accept to the first byte; after it, closes without an answer.
    std::chrono::milliseconds first_byte{std::chrono::seconds(10)};

    /// From the first byte of a head to its last. 408.
    std::chrono::milliseconds header{std::chrono::seconds(10)};

    /// Between two requests of a connection; after it, closes.
    std::chrono::milliseconds keep_alive_idle{std::chrono::seconds(75)};

    /// Between two pieces of a body. 408.
    std::chrono::milliseconds body_gap{std::chrono::seconds(15)};

    /// Bytes a second that a body must reach once it has taken `body_rate_grace`. 408.
    std::size_t body_rate = 1024;
    std::chrono::milliseconds body_rate_grace{std::chrono::seconds(10)};

    /// From the first byte of a request to its response; the handler is then cancelled. 504.
    std::chrono::milliseconds request{std::chrono::seconds(60)};

    /// Silence of a peer that does not read what is written to it; closes.
    std::chrono::milliseconds write_stall{std::chrono::seconds(30)};

    /// What is still read of a body that nobody wants after the response, so that the peer sees
    /// the response rather than a reset.
    std::size_t unread_body = 64 * 1024;
    std::chrono::milliseconds unread_wait{std::chrono::seconds(5)};
};

} // namespace rill::http
