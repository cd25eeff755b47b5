// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <support/network.hpp>

#include <rill/open_connection.hpp>
#include <rill/server.hpp>
#include <rill/sleep.hpp>

#include <relay.hpp>

#include <string>
#include <utility>

namespace test {

using namespace std::chrono_literals;
using rill::awaitable;

/// One that goes to these.
inline relay::config to_servers(std::vector<std::string> servers)
{
    relay::config c;
    c.upstream.servers = std::move(servers);
    return c;
}

/// A client, a relay, and a server at "server:7" unless the settings say otherwise.
struct relayed : two_hosts {
    rill::testing::host between = net.host("relay");
    relay::config settings;
    relay::relay service{settings, 1};
    rill::server relaying;

    explicit relayed(
        relay::config c = to_servers({"server:7"}), const rill::server_options& options = {}
    )
        : settings(std::move(c))
        , relaying(start(options))
    {}

    /// Its sessions need it to their end.
    ~relayed() { loop.run(relaying.drain(0s)); }

    awaitable<rill::stream> connect(rill::connect_options options = {})
    {
        return rill::open_connection("relay", 7100, std::move(options));
    }

private:
    rill::server start(rill::server_options options)
    {
        options.limit(settings.server.read_limit);
        options.watermarks(settings.server.write_high, settings.server.write_low);
        options.write_stall(settings.server.write_stall);
        const auto here = between.enter();
        return {
            loop.executor(),
            [this](rill::stream client) { return service.session(std::move(client), 0); },
            rill::listen_address::parse("*:7100"),
            options
        };
    }
};

/// Says its name, and ends.
inline rill::server::handler named(std::string name)
{
    return [name = std::move(name)](rill::stream s) -> awaitable<void> {
        s.writer().write(name);
        co_return;
    };
}

/// The same, for which a reset is no surprise.
inline rill::server::handler expecting_reset(rill::server::handler serve)
{
    return [serve = std::move(serve)](rill::stream s) -> awaitable<void> {
        try {
            co_await serve(std::move(s));
        } catch (const rill::system_error& e) {
            if (e.code() != boost::asio::error::connection_reset)
                throw;
        }
    };
}

} // namespace test
