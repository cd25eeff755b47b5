// SPDX-License-Identifier: BSL-1.0
//
// Connections that a relay passes on, and says whose they are.
#include <support/network.hpp>

#include <rill/log_capture.hpp>
#include <rill/network.hpp>
#include <rill/proxy_protocol.hpp>
#include <rill/server.hpp>
#include <rill/sleep.hpp>

#include <boost/asio/ip/tcp.hpp>

#include <optional>
#include <string>
#include <utility>

namespace {

using namespace std::chrono_literals;
using namespace test;
using rill::awaitable;
using rill::connect_options;
using rill::endpoint;
using rill::network;
using rill::proxy_protocol;
using rill::relayed_addresses;
using rill::server_options;

endpoint tcp(const std::string& address, unsigned short port)
{
    return boost::asio::ip::tcp::endpoint(boost::asio::ip::make_address(address), port);
}

const relayed_addresses somebody{tcp("192.0.2.7", 4711), tcp("198.51.100.1", 443)};

/// All hosts of the simulated network are load balancers.
server_options behind_balancers()
{
    return server_options().proxy_protocol_from(network::parse("10.0.0.0/8"));
}

/// Says whom it serves.
awaitable<void> introduce(rill::stream s)
{
    s.writer().write(to_string(s.remote_endpoint()) + " to " + to_string(s.local_endpoint()));
    co_await s.writer().drain();
}

std::string answer(two_hosts& n, const connect_options& options)
{
    return n.run([&]() -> awaitable<std::string> {
        rill::stream s = co_await rill::open_connection(n.server.address(), 7, options);
        co_return co_await all_of(s);
    });
}

std::string answer(two_hosts& n, const std::string& first_bytes)
{
    return n.run([&]() -> awaitable<std::string> {
        rill::stream s = co_await rill::open_connection(n.server.address(), 7);
        s.writer().write(first_bytes);
        s.writer().write_eof();
        co_return co_await all_of(s);
    });
}

bool is_the_clients_own(const std::string& introduction)
{
    return introduction.starts_with("10.0.0.");
}

TEST_CASE("proxy_protocol_from: the connection is that of whom a relay names, in either version")
{
    two_hosts n;
    const auto server = n.listen(introduce, "*:7", behind_balancers());
    for (const proxy_protocol v : {proxy_protocol::v1, proxy_protocol::v2})
        CHECK(
            answer(n, connect_options().proxy_protocol(v, somebody)) ==
            "192.0.2.7:4711 to 198.51.100.1:443"
        );
    CHECK(server.statistics().proxy_protocol_errors == 0);
}

TEST_CASE("proxy_protocol_from: where a relay names nobody the connection is its own")
{
    two_hosts n;
    const auto server = n.listen(introduce, "*:7", behind_balancers());
    CHECK(is_the_clients_own(answer(n, connect_options().proxy_protocol(proxy_protocol::v1))));
    CHECK(is_the_clients_own(answer(n, connect_options().proxy_protocol(proxy_protocol::v2))));
}

TEST_CASE("proxy_protocol_from: an unnamed client is the relay, whom allow and deny are about then")
{
    const auto served = [](const std::string& header) {
        two_hosts n;
        const auto server =
            n.listen(introduce, "*:7", behind_balancers().deny(network::parse("10.0.0.0/8")));
        return !answer(n, header).empty();
    };
    CHECK_FALSE(served("PROXY UNKNOWN\r\n"));
    const std::string start("\r\n\r\n\0\r\nQUIT\n", 12);
    CHECK_FALSE(served(start + std::string("\x21\0\0\0", 4)));
    CHECK(served(start + std::string("\x20\0\0\0", 4))); // LOCAL: whether somebody is there
}

TEST_CASE("proxy_protocol_from: a relay that has gone before it was accepted is still asked")
{
    two_hosts n;
    int handled = 0;
    const auto handler = [&](rill::stream s) -> awaitable<void> {
        ++handled;
        co_await rill::sleep(1min);
        co_await echo_back(std::move(s));
    };
    const auto options = behind_balancers().max_connections(1).deny(network::parse("192.0.2.0/24"));
    const auto server = n.listen(handler, "*:7", options);
    n.run([&]() -> awaitable<void> {
        rill::stream first = co_await rill::open_connection(n.server.address(), 7);
        first.writer().write("PROXY TCP4 198.51.100.1 192.0.2.8 1 2\r\n");
        co_await rill::sleep(1s);
        rill::stream second = co_await rill::open_connection(n.server.address(), 7);
        second.writer().write("PROXY TCP4 192.0.2.7 192.0.2.8 1 2\r\ncommand\r\n");
        co_await rill::sleep(1s);
        second.abort();
        co_await rill::sleep(1s);
        first.close();
        co_await rill::sleep(2min);
    });
    CHECK(handled == 1);
    CHECK(server.connections() == 0);
}

TEST_CASE("proxy_protocol_from: others are not asked, and their header is what they send")
{
    two_hosts n;
    const auto elsewhere = server_options().proxy_protocol_from(network::parse("192.0.2.0/24"));
    const auto own = n.listen(introduce, "*:7", elsewhere);
    const auto echo = n.listen(echo_back, "*:8", elsewhere);
    CHECK(is_the_clients_own(answer(n, connect_options())));
    const std::string back = n.run([&]() -> awaitable<std::string> {
        rill::stream s = co_await rill::open_connection(
            n.server.address(), 8, connect_options().proxy_protocol(proxy_protocol::v1)
        );
        s.writer().write_eof();
        co_return co_await all_of(s);
    });
    CHECK(back == "PROXY UNKNOWN\r\n");
}

TEST_CASE("proxy_protocol_from: what follows the header is the handler's, however it arrives")
{
    for (const std::size_t segment : {1U, 7U, 1460U}) {
        two_hosts n;
        n.net.defaults().segment(segment, segment);
        const auto server = n.listen(echo_back, "*:7", behind_balancers());
        CHECK(answer(n, "PROXY TCP4 192.0.2.7 192.0.2.8 1 2\r\nhello") == "hello");
    }
}

TEST_CASE("proxy_protocol_from: unix peers are asked where that is said")
{
    for (const bool asked : {false, true}) {
        two_hosts n;
        auto options = behind_balancers();
        if (asked)
            options.proxy_protocol_from_unix();
        const auto server = n.listen(introduce, "unix:@x", options);
        const auto here = n.server.enter();
        const auto text = n.loop.run([&]() -> awaitable<std::string> {
            rill::stream s = co_await rill::open_unix_connection(
                "@x", connect_options().proxy_protocol(proxy_protocol::v2, somebody)
            );
            co_return co_await all_of(s);
        });
        CHECK((text == "192.0.2.7:4711 to 198.51.100.1:443") == asked);
    }
}

TEST_CASE("proxy_protocol_from: allow, deny and max_connections_per_peer are about the client")
{
    const auto with = [](server_options options, const relayed_addresses& whose) {
        two_hosts n;
        const auto server = n.listen(introduce, "*:7", options);
        const bool served =
            !answer(n, connect_options().proxy_protocol(proxy_protocol::v2, whose)).empty();
        CHECK(server.statistics().refused_denied == (served ? 0 : 1));
        return served;
    };
    const relayed_addresses inside{tcp("10.9.9.9", 1), tcp("10.0.0.1", 2)};
    const auto the_balancers_own = network::parse("10.0.0.0/8");
    CHECK(with(behind_balancers().deny(the_balancers_own), somebody));
    CHECK_FALSE(with(behind_balancers().deny(the_balancers_own), inside));
    CHECK_FALSE(with(behind_balancers().allow(the_balancers_own), somebody));
    CHECK(with(behind_balancers().allow(the_balancers_own), inside));
}

TEST_CASE("proxy_protocol_from: a client has one place through whichever relay he comes")
{
    two_hosts n;
    keeper kept;
    const auto server =
        n.listen(kept.handler(), "*:7", behind_balancers().max_connections_per_peer(1));
    const auto open = [&](const relayed_addresses& whose) {
        n.run([&]() -> awaitable<void> {
            const rill::stream s = co_await rill::open_connection(
                n.server.address(), 7, connect_options().proxy_protocol(proxy_protocol::v2, whose)
            );
            co_await rill::sleep(1s);
        });
    };
    open(somebody);
    open({tcp("192.0.2.8", 1), somebody.destination});
    CHECK(server.statistics().refused_per_peer == 0);
    open(somebody);
    CHECK(server.statistics().refused_per_peer == 1);
    kept.streams.clear();
    n.loop.advance(1s);
    open(somebody);
    CHECK(server.statistics().refused_per_peer == 1);
    kept.streams.clear();
    n.loop.advance(1s);
}

TEST_CASE("proxy_protocol_from: what is no header ends the connection, and is told once a minute")
{
    rill::log::capture log;
    two_hosts n;
    const auto server = n.listen(introduce, "*:7", behind_balancers());
    for (const char* wrong : {"GET / HTTP/1.1\r\n\r\n", "PROXY TCP4 x\r\n", "PROXY TCP4 192.0"}) {
        const std::string nothing = answer(n, std::string(wrong));
        CHECK((nothing.empty() || nothing == " reset"));
    }
    CHECK(server.statistics().proxy_protocol_errors == 3);
    CHECK(server.statistics().handler_errors == 0);
    REQUIRE(log.lines().size() == 1);
    CHECK(log.lines().front().find("PROXY protocol") != std::string::npos);
}

TEST_CASE("proxy_protocol_from: a relay that only looks whether somebody listens is no error")
{
    two_hosts n;
    const auto server = n.listen(introduce, "*:7", behind_balancers());
    CHECK(answer(n, std::string()).empty());
    n.run([&]() -> awaitable<void> {
        rill::stream s = co_await rill::open_connection(n.server.address(), 7);
        s.abort();
    });
    n.loop.advance(1s);
    CHECK(server.statistics().accepted == 2);
    CHECK(server.statistics().proxy_protocol_errors == 0);
    CHECK(server.connections() == 0);
}

TEST_CASE("proxy_protocol_timeout: silence ends the connection after that")
{
    two_hosts n;
    const auto server = n.listen(introduce, "*:7", behind_balancers().proxy_protocol_timeout(3s));
    n.run([&]() -> awaitable<void> {
        rill::stream s = co_await rill::open_connection(n.server.address(), 7);
        co_await all_of(s);
    });
    CHECK(n.elapsed() == 3s);
    CHECK(server.statistics().proxy_protocol_errors == 1);
}

TEST_CASE("proxy_protocol_from: a server that stops meanwhile is not held up, and nothing is told")
{
    two_hosts n;
    auto server = n.listen(introduce, "*:7", behind_balancers());
    n.run([&]() -> awaitable<void> {
        const rill::stream s = co_await rill::open_connection(n.server.address(), 7);
        co_await rill::sleep(1s);
        co_await server.drain(0s);
    });
    CHECK(server.statistics().proxy_protocol_errors == 0);
    CHECK(server.connections() == 0);
}

} // namespace
