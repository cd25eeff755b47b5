// SPDX-License-Identifier: BSL-1.0
//
// Servers that listen at several places.
#include <support/network.hpp>

#include <rill/server.hpp>
#include <rill/sleep.hpp>

#include <algorithm>
#include <cstddef>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

namespace {

using namespace std::chrono_literals;
using namespace test;
using rill::awaitable;
using rill::listen_address;

TEST_CASE("listening: a server serves all of its places, and close ends all")
{
    two_hosts n;
    const auto here = n.server.enter();
    const auto at = listen_address::parse_list({"*:7", "127.0.0.1:8", "unix:@x"});
    rill::server server(n.loop.executor(), echo_back, at);
    CHECK(server.sockets().size() == 4);
    n.loop.run([]() -> awaitable<void> {
        for (unsigned short port = 7; port <= 8; ++port) {
            rill::stream s = co_await rill::open_connection("127.0.0.1", port);
            s.writer().write("x");
            CHECK(co_await s.reader().read(1) == "x");
        }
        const rill::stream s = co_await rill::open_unix_connection("@x");
    });
    server.close();
    CHECK(server.sockets().empty());
    const rill::server another(n.loop.executor(), echo_back, at);
}

TEST_CASE("SRV-18: an address that cannot be had is named, and the others are free again")
{
    two_hosts n;
    const auto here = n.server.enter();
    const auto serve = [&](const std::vector<std::string>& at) {
        return rill::server(n.loop.executor(), echo_back, listen_address::parse_list(at));
    };
    const rill::server first = serve({"127.0.0.1:8"});
    try {
        serve({"127.0.0.1:7", "127.0.0.1:8"});
        FAIL("no error");
    } catch (const rill::system_error& error) {
        CHECK(error.code() == boost::asio::error::address_in_use);
        CHECK(std::string(error.what()).find("127.0.0.1:8") != std::string::npos);
    }
    const rill::server second = serve({"127.0.0.1:7"});
}

TEST_CASE("SRV-15: start_server looks names up; the constructor says that it does not")
{
    two_hosts n;
    n.net.names().set("both", {n.server.address(), n.server.address_v6()});
    const auto here = n.server.enter();
    const auto at = listen_address::parse("both:7");
    n.loop.run([&]() -> awaitable<void> {
        const rill::server server = co_await rill::start_server(echo_back, at);
        REQUIRE(server.sockets().size() == 2);
        CHECK(rill::to_string(server.sockets()[0]) == n.server.address() + ":7");
    });
    try {
        const rill::server server(n.loop.executor(), echo_back, at);
        FAIL("no error");
    } catch (const std::invalid_argument& error) {
        CHECK(std::string(error.what()).find("\"both:7\"") != std::string::npos);
    }
}

/// Keeps the connections that it is given until it is told to let the oldest go.
class turnstile {
public:
    rill::server::handler handler()
    {
        return [this](rill::stream s) -> awaitable<void> {
            ports.push_back(rill::port_of(s.local_endpoint()));
            held_.push_back(std::move(s));
            co_return;
        };
    }

    void let_one_go() { held_.erase(held_.begin()); }

    std::vector<unsigned short> ports; // at which they came, in their order

private:
    std::vector<rill::stream> held_;
};

TEST_CASE("SRV-10: a connection that a handler gives away outlives the server")
{
    two_hosts n;
    keeper kept;
    std::optional<rill::server> server(n.listen(kept.handler()));
    n.run([&]() -> awaitable<void> {
        rill::stream s = co_await rill::open_connection("server", 7);
        co_await rill::sleep(1s);
        server.reset();
        kept.streams.front().writer().write("still here");
        CHECK(co_await s.reader().read_exactly(10) == "still here");
        kept.streams.clear();
        CHECK((co_await s.reader().read_all()).empty());
    });
}

TEST_CASE("SRV-13: a handler that is cancelled has its connection closed, and nothing is told")
{
    two_hosts n;
    auto server = n.listen(echo_back);
    n.run([&]() -> awaitable<void> {
        rill::stream s = co_await rill::open_connection("server", 7);
        s.writer().write("x");
        CHECK(co_await s.reader().read_exactly(1) == "x");
        CHECK_FALSE(co_await server.drain(0s));
        CHECK((co_await s.reader().read_all()).empty());
    });
    CHECK(n.loop.reported().empty());
    CHECK(server.statistics().handler_errors == 0);
}

TEST_CASE("SRV-20: nowhere to listen is an argument error, and a name without addresses says so")
{
    two_hosts n;
    CHECK_THROWS_AS(listen_address(std::vector<rill::endpoint>()), std::invalid_argument);
    CHECK_THROWS_AS(listen_address(std::vector<listen_address::place>()), std::invalid_argument);
    const auto said = n.run([]() -> awaitable<std::string> {
        try {
            co_await rill::start_server(echo_back, "nobody", 7);
        } catch (const rill::system_error& e) {
            co_return e.what();
        }
        co_return "listens";
    });
    CHECK(said.find("nobody") != std::string::npos);
}

TEST_CASE("SRV-21: where places are scarce, a busy listener and a quiet one take turns")
{
    two_hosts n;
    turnstile gate;
    const auto here = n.server.enter();
    const rill::server server(
        n.loop.executor(),
        gate.handler(),
        listen_address::parse_list({"*:7", "*:8"}),
        rill::server_options().max_connections(1)
    );
    std::vector<rill::stream> clients;
    n.run([&]() -> awaitable<void> {
        for (int i = 0; i < 10; ++i)
            clients.push_back(co_await rill::open_connection("server", 7));
        for (int i = 0; i < 2; ++i)
            clients.push_back(co_await rill::open_connection("server", 8));
    });
    for (int i = 0; i < 4; ++i) {
        n.loop.settle();
        gate.let_one_go();
    }
    n.loop.settle();
    REQUIRE(gate.ports.size() == 5);
    CHECK(std::count(gate.ports.begin(), gate.ports.end(), 8) == 2);
}

} // namespace
