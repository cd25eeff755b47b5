// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/awaitable.hpp>
#include <rill/detail/needs_net.hpp>
#include <rill/endpoint.hpp>
#include <rill/stream_options.hpp>
#include <rill/stream_reader.hpp>
#include <rill/stream_socket.hpp>
#include <rill/stream_writer.hpp>
#include <rill/tls_context.hpp>
#include <rill/tls_error.hpp>
#include <rill/tls_info.hpp>

#include <cstddef>
#include <memory>
#include <string>

namespace rill::RILL_FORM::net_detail {

struct stream_access;

extern template class read_pump<stream_socket>;
extern template class write_pump<stream_socket>;

} // namespace rill::RILL_FORM::net_detail

namespace rill {

using stream_reader = basic_stream_reader<stream_socket>;
using stream_writer = basic_stream_writer<stream_socket>;

extern template class basic_stream_reader<stream_socket>;
extern template class basic_stream_writer<stream_socket>;

/// How a stream reads and writes. Sizes in bytes.
class stream_options {
public:
    stream_options() {}

    /// See stream_reader.
    stream_options& limit(std::size_t bytes)
    {
        read_limit = bytes;
        return *this;
    }

    /// See write_options.
    stream_options& watermarks(std::size_t high, std::size_t low)
    {
        write.watermarks(high, low);
        return *this;
    }

    stream_options& write_stall(duration d)
    {
        write.write_stall(d);
        return *this;
    }

    std::size_t read_limit = stream_reader::default_limit;
    write_options write;
};

/// A connection: a reader and a writer over one socket, which it owns. Mirrors the pair of
/// StreamReader and StreamWriter that asyncio hands out.
///
/// Destroyed, it flushes what was written and closes, in the background: for at most the time of
/// write_stall without progress. So a handler that returns has closed its connection. Reads and
/// drains that somebody waits in end with operation_aborted then.
///
/// It may outlive its loop, whose end closes it: reading gives what is held and then the end,
/// drain() fails with connection_reset. Only the socket is gone then: socket() and local_endpoint()
/// are a std::logic_error.
/// Thread safety: distinct objects safe, shared objects unsafe; all on the thread of one loop.
class stream {
public:
    /// Takes over a connected socket. TCP sockets get TCP_NODELAY.
    explicit stream(stream_socket socket, const stream_options& options = {});

    stream(stream&&) noexcept;
    stream& operator=(stream&&) noexcept;
    ~stream();

    stream_reader& reader() noexcept;
    stream_writer& writer() noexcept;

    /// Of a unix client that has not bound its socket, the path is empty.
    endpoint local_endpoint() const;

    /// Who the peer was when the stream was made; it may have gone since. On a connection that a
    /// relay passes on, these are whose it is and where he had connected to; the relay's own is the
    /// socket's (see server_options::proxy_protocol_from).
    endpoint remote_endpoint() const;

    stream_socket& socket();

    /// Turns the connection into a TLS one, as a server or a client, which the context says; what was
    /// written before still leaves in the clear. Mirrors StreamWriter.start_tls and loop.start_tls.
    /// Returns once the handshake is done.
    ///
    /// `name`, of a client: whose certificate is expected, a DNS name or an address. It is checked
    /// unless the context says unverified(); then it may be empty. Bytes that have been received
    /// already are taken for the handshake's, and never given to the reader (a command that somebody
    /// has put in front of it, say). It may be TLS in TLS.
    ///
    /// tls_error if the handshake fails, or takes longer than the context allows; the stream is
    /// closed then, and after a cancellation. std::logic_error while somebody reads, and for a
    /// client's context without a name. It may go on while the stream is moved, and ends with
    /// operation_aborted if that is destroyed.
    awaitable<void> start_tls(const tls_context& context, std::string name = {});

    /// What the handshake found; null on a plain stream. Valid as long as the stream.
    const tls_info* tls() const;

    /// As writer().close() and writer().abort().
    void close();
    void abort();

private:
    friend net_detail::stream_access;

    struct parts;
    std::unique_ptr<parts> parts_;
};

} // namespace rill
