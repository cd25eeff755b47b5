// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/awaitable.hpp>
#include <rill/clock.hpp>
#include <rill/listen_address.hpp>
#include <rill/server_options.hpp>
#include <rill/server_statistics.hpp>
#include <rill/stream.hpp>

#include <boost/asio/any_io_executor.hpp>

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace rill {

/// Listens, and runs a handler for each connection as a task of its own. Mirrors asyncio.Server.
///
/// A handler that returns has closed its connection, after flushing what it wrote. An exception of
/// a handler goes to the loop's exception handler and ends only its connection; a cancelled one
/// ends silently. Where descriptors or memory run out the server says so once, accepts nothing for
/// a moment and goes on as soon as there are some again; so it does with any error of accepting that
/// is not a single connection's. Only close() and the like end it.
///
/// Destroyed, it stops listening at once and cancels its handlers; drain() ends it gracefully. Waits for it
/// go on: they end when what they wait for has come to pass. It may outlive its loop, whose end
/// closes it; who waits is dropped then with his task.
/// Thread safety: distinct objects safe, shared objects unsafe; all on the thread of one loop.
class server {
public:
    using handler = std::function<awaitable<void>(stream)>;

    /// Listens at once, on the loop that this thread runs, at each place of `at`. system_error naming
    /// the address if that cannot be; sockets opened so far are closed then. std::invalid_argument for
    /// a name: start_server looks it up.
    server(handler h, const listen_address& at, const server_options& options = {});

    /// The same on the loop of `ex`.
    server(
        const asio::any_io_executor& ex,
        handler h,
        const listen_address& at,
        const server_options& options = {}
    );

    server(server&&) noexcept;
    server& operator=(server&&) noexcept;
    ~server();

    /// Where it listens, port 0 replaced; empty once it is closed. Mirrors Server.sockets.
    std::vector<endpoint> sockets() const;

    /// The first of them; invalid_state once it is closed.
    endpoint local_endpoint() const;

    bool is_serving() const noexcept;

    /// Connections that are open, those included that are being flushed after their handler.
    std::size_t connections() const noexcept;

    const server_statistics& statistics() const noexcept;

    /// Stops listening: new clients are refused, connections go on. Those who wait to be accepted
    /// are accepted before, also beyond max_connections: they have been told that they are connected.
    /// None would be left but him whose last segment of the handshake is on its way then: to him he is
    /// connected, here nobody knows yet, and he is reset. A unix socket's file is removed.
    void close();

    /// Reads nothing more from any connection than what has arrived: handlers find the end of the
    /// stream behind it, and what they write is still sent. Who neither reads nor ends is not
    /// disturbed.
    void finish_clients();

    /// Closes every connection after flushing; handlers see the end of their stream.
    void close_clients();

    /// Closes every connection at once; what is unsent is dropped.
    void abort_clients();

    /// Returns once the server is closed and no connection is left.
    awaitable<void> wait_closed();

    /// Serves until close(), or until it is cancelled: then it drains for the time given in the
    /// options before the cancellation goes on. std::logic_error if it is closed already, or
    /// served by another.
    awaitable<void> serve_forever();

    /// Does as close(), waits for at most `timeout` until the handlers are done, then cancels and
    /// awaits those that are left. Whether all were done by themselves.
    awaitable<bool> drain(duration timeout);

private:
    class impl;
    std::shared_ptr<impl> impl_;
};

/// Makes a server for all addresses of `host`: a name, an address, or empty for all interfaces.
/// For a handler that takes reader and writer, see with_streams. Mirrors asyncio.start_server.
awaitable<server>
start_server(server::handler h, std::string host, unsigned short port, server_options options = {});

/// Makes a server for all places of `at`, having looked up the names among them. A name's address of
/// a family that this machine does not have is passed over if the name has others.
awaitable<server> start_server(server::handler h, listen_address at, server_options options = {});

/// Makes a server for the unix socket at `path`; a stale socket file there is replaced. Mirrors
/// asyncio.start_unix_server.
awaitable<server>
start_unix_server(server::handler h, std::string path, server_options options = {});

/// A handler in asyncio's form, with the two ends of the connection as parameters.
template <class F>
    requires std::is_invocable_r_v<awaitable<void>, F&, stream_reader&, stream_writer&>
server::handler with_streams(F f);

// Implementation

namespace net_detail {

template <class F>
awaitable<void> call_with_streams(F& f, stream s)
{
    co_await f(s.reader(), s.writer());
}

} // namespace net_detail

template <class F>
    requires std::is_invocable_r_v<awaitable<void>, F&, stream_reader&, stream_writer&>
server::handler with_streams(F f)
{
    return [f = std::move(f)](stream s) mutable {
        return net_detail::call_with_streams(f, std::move(s));
    };
}

} // namespace rill
