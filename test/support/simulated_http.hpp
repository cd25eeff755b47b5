// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <support/http_text.hpp>
#include <support/network.hpp>

#include <rill/http/router.hpp>
#include <rill/http/server.hpp>
#include <rill/http/settings.hpp>
#include <rill/stream_error.hpp>

#include <string>
#include <string_view>
#include <utility>

namespace test {

/// A client of HTTP on a stream: raw bytes out, raw bytes in.
class http_client {
public:
    explicit http_client(rill::stream s)
        : stream(std::move(s))
    {}

    void send(std::string_view bytes) { stream.writer().write(bytes); }

    /// The next response, without its Date line. What came of it if the connection ends before.
    rill::awaitable<std::string> response()
    {
        std::string text;
        try {
            text = co_await stream.reader().read_until("\r\n\r\n");
            const std::size_t size = content_length(text);
            text += co_await stream.reader().read_exactly(size);
        } catch (const rill::incomplete_read_error& error) {
            text += error.partial();
        }
        co_return without_date(text);
    }

    /// Everything up to the end of the connection.
    rill::awaitable<std::string> rest() { return stream.reader().read_all(); }

    /// Waits for the end, and says whether no byte came before it.
    rill::awaitable<bool> closed()
    {
        const std::string bytes = co_await rest();
        co_return bytes.empty();
    }

    rill::stream stream;
};

/// An HTTP server on a network in memory.
class simulated_http : public two_hosts {
public:
    explicit simulated_http(
        rill::http::handler h,
        const rill::http::settings& l = {},
        std::size_t max_connections = rill::server_options().most_connections
    )
        : http(std::move(h), l)
        , options(options_for(max_connections))
    {}

    rill::http::server http;
    rill::server_options options;
    rill::server accepting = start();

    /// Listens again, where `accepting` does not any more.
    rill::server start()
    {
        return listen(
            [this](rill::stream client) { return http.serve(std::move(client)); }, "*:80", options
        );
    }

    /// A connection from the client's host.
    rill::awaitable<http_client> connect()
    {
        rill::stream s = co_await rill::open_connection("server", 80);
        co_return http_client(std::move(s));
    }

private:
    rill::server_options options_for(std::size_t max_connections)
    {
        rill::server_options o;
        o.max_connections(max_connections);
        o.on_crowded([this](bool somebody_waits) { http.crowded(somebody_waits); });
        return o;
    }
};

} // namespace test
