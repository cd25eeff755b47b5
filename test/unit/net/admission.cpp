// SPDX-License-Identifier: BSL-1.0
//
// Whom a server lets in, and what it tells of that.
#include <support/network.hpp>

#include <rill/log_capture.hpp>
#include <rill/network.hpp>
#include <rill/server.hpp>

#include <optional>
#include <stdexcept>
#include <string>
#include <utility>

namespace {

using namespace std::chrono_literals;
using namespace test;
using rill::awaitable;
using rill::network;
using rill::server_options;

struct attempt {
    rill::stream connection;
    bool served = false;
};

/// What comes back; empty if the connection ends, in whatever way.
awaitable<std::string> answer_of(rill::stream& s)
{
    s.writer().write("x");
    try {
        co_return co_await s.reader().read(1);
    } catch (const rill::system_error&) {
        co_return std::string();
    }
}

/// Over IPv4.
attempt connect(two_hosts& n, unsigned short port = 7)
{
    return n.run([&]() -> awaitable<attempt> {
        rill::stream s = co_await rill::open_connection(n.server.address(), port);
        const std::string answer = co_await answer_of(s);
        co_return attempt{std::move(s), answer == "x"};
    });
}

bool served(const server_options& options)
{
    two_hosts n;
    const auto server = n.listen(echo_back, "*:7", options);
    return connect(n).served;
}

TEST_CASE("allow: without it everybody is served, with it who is in a network that is allowed")
{
    CHECK(served(server_options()));
    CHECK(served(server_options().allow(network::parse("10.0.0.0/8"))));
    CHECK_FALSE(served(server_options().allow(network::parse("192.0.2.0/24"))));
    const auto both =
        server_options().allow(network::parse("192.0.2.0/24")).allow(network::parse("10.0.0.0/8"));
    CHECK(served(both));
}

TEST_CASE("deny: who is in such a network is not served, whatever is allowed")
{
    CHECK_FALSE(served(server_options().deny(network::parse("10.0.0.0/8"))));
    CHECK(served(server_options().deny(network::parse("192.0.2.0/24"))));
    const auto all_of_them = network::parse("0.0.0.0/0");
    CHECK_FALSE(served(server_options().allow(all_of_them).deny(network::parse("10.0.0.0/8"))));
}

TEST_CASE("allow, deny: a peer at a unix socket is always served")
{
    two_hosts n;
    const auto nobody =
        server_options().deny(network::parse("0.0.0.0/0")).allow(network::parse("::1"));
    const auto server = n.listen(echo_back, "unix:@x", nobody);
    const auto here = n.server.enter();
    n.loop.run([]() -> awaitable<void> {
        rill::stream s = co_await rill::open_unix_connection("@x");
        CHECK(co_await answer_of(s) == "x");
    });
}

TEST_CASE("refused: it takes no place, is counted by its reason, and told once a minute")
{
    rill::log::capture log;
    two_hosts n;
    const auto options = server_options().max_connections(1).deny(network::parse("10.0.0.0/8"));
    const auto server = n.listen(echo_back, "*:7", options);
    for (int i = 0; i < 3; ++i)
        CHECK_FALSE(connect(n).served);
    CHECK(server.statistics().refused_denied == 3);
    CHECK(server.statistics().refused_per_peer == 0);
    CHECK(server.statistics().accepted == 0);
    CHECK(server.statistics().most_active == 0);
    CHECK(log.lines().size() == 1);
    n.loop.advance(61s);
    CHECK_FALSE(connect(n).served);
    CHECK(log.lines().size() == 2);
}

TEST_CASE("max_connections_per_peer: one more is closed, others are served, and an end makes room")
{
    two_hosts n;
    const auto server = n.listen(echo_back, "*:7", server_options().max_connections_per_peer(2));
    std::optional<attempt> first = connect(n);
    const attempt second = connect(n);
    CHECK(first->served);
    CHECK(second.served);
    CHECK_FALSE(connect(n).served);
    CHECK(server.statistics().refused_per_peer == 1);
    CHECK(server.statistics().active == 2);
    {
        const auto other = n.server.enter();
        n.loop.run([]() -> awaitable<void> { // over loopback
            rill::stream s = co_await rill::open_connection("127.0.0.1", 7);
            CHECK(co_await answer_of(s) == "x");
        });
    }
    first.reset();
    n.loop.advance(1s);
    CHECK(connect(n).served);
    CHECK(server.statistics().most_active == 3);
}

TEST_CASE("max_connections_per_peer: servers made with copies of the options count together")
{
    two_hosts n;
    const auto options = server_options().max_connections_per_peer(1);
    const auto one = n.listen(echo_back, "*:7", options);
    const auto two = n.listen(echo_back, "*:8", options);
    const attempt first = connect(n);
    CHECK(first.served);
    CHECK_FALSE(connect(n, 8).served);
    CHECK(two.statistics().refused_per_peer == 1);
}

TEST_CASE("max_connections_per_peer: none at all is refused")
{
    CHECK_THROWS_AS(server_options().max_connections_per_peer(0), std::invalid_argument);
}

} // namespace
