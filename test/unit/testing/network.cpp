// SPDX-License-Identifier: BSL-1.0
#include <support/how.hpp>
#include <support/network.hpp>

#include <rill/sleep.hpp>
#include <rill/testing/network.hpp>
#include <rill/timeout.hpp>

#include <boost/asio/co_spawn.hpp>

#include <chrono>
#include <optional>
#include <set>

namespace {

using namespace std::chrono_literals;
using namespace test;
using rill::awaitable;
namespace error = boost::asio::error;

TEST_CASE("network: a client talks with a server on another host, by name and by address")
{
    two_hosts n;
    const auto server = n.listen(echo_back);
    for (const std::string& to : {std::string("server"), n.server.address()})
        n.run([&]() -> awaitable<void> {
            rill::stream s = co_await rill::open_connection(to, 7);
            s.writer().write("hello\n");
            CHECK(co_await s.reader().read_line() == "hello\n");
        });
    CHECK(n.elapsed() == 0s);
}

TEST_CASE("network: start_server listens on the host of its task")
{
    two_hosts n;
    const auto serving = n.server.spawn([&]() -> awaitable<void> {
        rill::server s = co_await rill::start_server(echo_back, "", 80);
        co_await s.serve_forever();
    });
    n.loop.settle();
    n.run([&]() -> awaitable<void> {
        rill::stream s = co_await rill::open_connection("server", 80);
        s.writer().write("x");
        CHECK(co_await s.reader().read_exactly(1) == "x");
        CHECK(co_await error_of(rill::open_connection("client", 80)) == error::connection_refused);
    });
    rill::task<void>(serving).cancel();
}

TEST_CASE("network: tasks that a task starts, and the handlers of its servers, are on its host")
{
    two_hosts n;
    keeper held;
    const auto client_side = n.listen(held.handler());
    const auto forward = [&](rill::stream) -> awaitable<void> {
        const rill::stream further = co_await rill::open_connection("server", 7);
        CHECK(further.remote_endpoint().size() > 0);
    };
    std::optional<rill::server> relay;
    {
        const auto here = n.client.enter();
        relay.emplace(n.loop.executor(), forward, rill::listen_address::parse("*:8"));
    }
    n.loop.run([]() -> awaitable<void> { co_await rill::open_connection("client", 8); });
    n.loop.settle();
    REQUIRE(held.streams.size() == 1);
    CHECK(rill::to_string(held.streams[0].remote_endpoint()).starts_with(n.client.address()));
}

TEST_CASE("network: both ends know the addresses of both")
{
    two_hosts n;
    keeper held;
    const auto server = n.listen(held.handler());
    n.run([&]() -> awaitable<void> {
        const rill::stream s = co_await rill::open_connection("server", 7);
        co_await rill::sleep(1ms);
        REQUIRE(held.streams.size() == 1);
        const rill::stream& other = held.streams[0];
        CHECK(rill::to_string(s.remote_endpoint()) == n.server.address() + ":7");
        CHECK(s.remote_endpoint() == other.local_endpoint());
        CHECK(s.local_endpoint() == other.remote_endpoint());
        CHECK(rill::port_of(s.local_endpoint()) >= 32768);
    });
}

TEST_CASE("network: a task of no host is on localhost")
{
    test::loop loop;
    rill::testing::network net(loop);
    const rill::server server(
        loop.executor(), echo_back, rill::listen_address::parse("127.0.0.1:0")
    );
    const auto port = rill::port_of(server.local_endpoint());
    CHECK(port >= 32768);
    loop.run([&]() -> awaitable<void> {
        for (const char* name : {"localhost", "127.0.0.1", "0.0.0.0"}) {
            rill::stream s = co_await rill::open_connection(name, port);
            s.writer().write("x");
            CHECK(co_await s.reader().read_exactly(1) == "x");
        }
    });
}

TEST_CASE("network: a server on 127.0.0.1 is not reached from other hosts")
{
    two_hosts n;
    const auto server = n.listen(echo_back, "127.0.0.1:7");
    n.run([&]() -> awaitable<void> {
        CHECK(co_await error_of(rill::open_connection("server", 7)) == error::connection_refused);
    });
}

TEST_CASE("network: IPv6 addresses work beside IPv4 ones")
{
    two_hosts n;
    const auto four = n.listen(echo_back, "0.0.0.0:7");
    const auto six = n.listen(echo_back, "[::]:7");
    n.run([&]() -> awaitable<void> {
        const rill::stream s = co_await rill::open_connection("fd00::2", 7);
        CHECK(rill::to_string(s.remote_endpoint()) == "[fd00::2]:7");
    });
}

TEST_CASE("network: a connect that nobody listens for is refused after a round trip")
{
    two_hosts n;
    n.net.link("client", "server").latency(20ms);
    n.run([&]() -> awaitable<void> {
        CHECK(co_await error_of(rill::open_connection("server", 9)) == error::connection_refused);
    });
    CHECK(n.elapsed() == 40ms);
    CHECK(n.net.statistics().refused == 1);
}

TEST_CASE("network: a connect takes a round trip")
{
    two_hosts n;
    n.net.link("client", "server").latency(20ms);
    const auto server = n.listen(echo_back);
    n.run([&]() -> awaitable<void> { co_await rill::open_connection("server", 7); });
    CHECK(n.elapsed() == 40ms);
}

TEST_CASE("network: an unknown name is not found, an unknown address cannot be reached")
{
    two_hosts n;
    n.run([&]() -> awaitable<void> {
        CHECK(co_await error_of(rill::open_connection("nowhere", 7)) == error::host_not_found);
        CHECK(co_await error_of(rill::open_connection("10.9.9.9", 7)) == error::host_unreachable);
    });
}

TEST_CASE("network: an address that is taken cannot be listened on, one of another host neither")
{
    two_hosts n;
    const auto server = n.listen(echo_back, "*:7");
    CHECK_THROWS_AS(n.listen(echo_back, "*:7"), rill::system_error);
    CHECK_THROWS_AS(n.listen(echo_back, "127.0.0.1:7"), rill::system_error);
    CHECK_THROWS_AS(n.listen(echo_back, "10.0.0.77:8"), rill::system_error);
    const auto elsewhere = n.client.enter();
    const rill::server same_port(n.loop.executor(), echo_back, rill::listen_address::parse("*:7"));
    CHECK(same_port.is_serving());
}

TEST_CASE("network: an address is free again once its server is closed")
{
    two_hosts n;
    auto server = n.listen(echo_back);
    server.close();
    CHECK(n.listen(echo_back).is_serving());
}

TEST_CASE("network: servers that share a port take turns")
{
    two_hosts n;
    int first = 0;
    int second = 0;
    rill::server_options shared;
    shared.reuse_port(true);
    const auto count = [](int& of) {
        return [&of](rill::stream) -> awaitable<void> {
            ++of;
            co_return;
        };
    };
    const auto one = n.listen(count(first), "0.0.0.0:7", shared);
    const auto other = n.listen(count(second), "0.0.0.0:7", shared);
    n.run([]() -> awaitable<void> {
        for (int i = 0; i < 10; ++i)
            co_await rill::open_connection("server", 7);
    });
    n.loop.settle();
    CHECK(first == 5);
    CHECK(second == 5);
}

TEST_CASE("network: connections beyond the backlog are made when there is room again")
{
    two_hosts n;
    rill::server_options one_at_a_time;
    one_at_a_time.max_connections(1).backlog(0);
    const auto server = n.listen(
        [](rill::stream) -> awaitable<void> { co_await rill::sleep(10s); }, "*:7", one_at_a_time
    );
    n.run([&]() -> awaitable<void> {
        const rill::stream served = co_await rill::open_connection("server", 7);
        const rill::stream queued = co_await rill::open_connection("server", 7);
        CHECK(n.elapsed() == 0s);
        const rill::stream late = co_await rill::open_connection("server", 7);
        CHECK(n.elapsed() == 15s); // it was tried after 1, 3, 7 and 15 s
    });
}

TEST_CASE("network: unix sockets are of one host")
{
    two_hosts n;
    const auto server = n.listen(echo_back, "unix:/run/echo");
    const auto missing = boost::system::errc::no_such_file_or_directory;
    n.run([&]() -> awaitable<void> {
        CHECK(co_await error_of(rill::open_unix_connection("/run/echo")) == missing);
    });
    const auto here = n.server.enter();
    n.loop.run([&]() -> awaitable<void> {
        rill::stream s = co_await rill::open_unix_connection("/run/echo");
        CHECK(rill::to_string(s.remote_endpoint()) == "unix:/run/echo");
        s.writer().write("x");
        CHECK(co_await s.reader().read_exactly(1) == "x");
    });
}

TEST_CASE("network: start_unix_server works, and its path is free again once it is closed")
{
    test::loop loop;
    rill::testing::network net(loop);
    loop.run([]() -> awaitable<void> {
        for (int i = 0; i < 2; ++i) {
            const rill::server server = co_await rill::start_unix_server(echo_back, "/s");
            rill::stream s = co_await rill::open_unix_connection("/s");
            s.writer().write("x");
            CHECK(co_await s.reader().read_exactly(1) == "x");
        }
    });
}

TEST_CASE("network: a cancelled connect leaves nothing behind")
{
    two_hosts n;
    n.net.link("client", "server").latency(1s);
    keeper held;
    const auto server = n.listen(held.handler());
    auto connecting = n.client.spawn(rill::open_connection("server", 7));
    n.loop.advance(500ms);
    connecting.cancel();
    n.loop.settle();
    CHECK(connecting.cancelled());
    n.loop.advance(1h);
    CHECK(held.streams.empty());
}

TEST_CASE("network: a stream outlives the network, and fails with network_down")
{
    test::loop loop;
    std::optional<rill::stream> client;
    rill::task<std::string> reading;
    {
        rill::testing::network net(loop);
        const rill::server server(
            loop.executor(), echo_back, rill::listen_address::parse("127.0.0.1:7")
        );
        client = loop.run(rill::open_connection("127.0.0.1", 7));
        reading = loop.spawn(client->reader().read_line());
        loop.settle();
    }
    loop.settle();
    REQUIRE(reading.done());
    CHECK(how_it_failed(reading.exception()) == error::network_down);
    CHECK(loop.run(error_of(client->reader().read_line())) == error::network_down);
}

TEST_CASE("network: a loop may end before its network")
{
    auto loop = std::make_unique<test::abandoned_loop>();
    rill::testing::network net(*loop);
    net.host("a").spawn([]() -> awaitable<void> {
        rill::server s = co_await rill::start_server(echo_back, "", 7);
        co_await s.serve_forever();
    });
    net.host("b").spawn([]() -> awaitable<void> {
        rill::stream s = co_await rill::open_connection("a", 7);
        co_await s.reader().read_all();
    });
    loop->settle();
    CHECK(net.statistics().connections == 1);
    loop.reset();
}

TEST_CASE("network: a loop has one network at a time")
{
    test::loop loop;
    const rill::testing::network net(loop);
    CHECK_THROWS_AS(rill::testing::network{loop}, std::logic_error);
}

TEST_CASE("network: a plain co_spawn works on it")
{
    two_hosts n;
    const auto server = n.listen(echo_back);
    std::string answer;
    boost::asio::co_spawn(
        n.loop.context(),
        [&]() -> awaitable<void> {
            rill::stream s = co_await rill::open_connection("server", 7);
            s.writer().write("x\n");
            answer = co_await s.reader().read_line();
        },
        [](std::exception_ptr) {}
    );
    n.loop.settle();
    CHECK(answer == "x\n");
}

TEST_CASE("network: settings that make no sense are refused")
{
    two_hosts n;
    auto link = n.net.link("client", "server");
    CHECK_THROWS_AS(link.latency(-1ms), std::invalid_argument);
    CHECK_THROWS_AS(link.jitter(-1ms), std::invalid_argument);
    CHECK_THROWS_AS(link.loss(1.1), std::invalid_argument);
    CHECK_THROWS_AS(link.segment(0, 1), std::invalid_argument);
    CHECK_THROWS_AS(link.segment(2, 1), std::invalid_argument);
    CHECK_THROWS_AS(n.net.buffers(0, 1), std::invalid_argument);
}

} // namespace
