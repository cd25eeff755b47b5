// SPDX-License-Identifier: BSL-1.0

// Loss, partitions, resets and crashes.

#include <support/network.hpp>

#include <rill/sleep.hpp>
#include <rill/testing/network.hpp>
#include <rill/timeout.hpp>

#include <chrono>
#include <optional>
#include <string>

namespace {

using namespace std::chrono_literals;
using namespace test;
using rill::awaitable;
namespace error = boost::asio::error;

/// A connection between the two hosts with a latency of 10 ms; the test has both ends.
struct connected : two_hosts {
    keeper held;
    rill::server server_object = listen(held.handler());

    connected()
    {
        net.link("client", "server").latency(10ms);
        run([this]() -> awaitable<void> {
            mine.push_back(co_await rill::open_connection("server", 7));
        });
        loop.advance(10ms);
        REQUIRE(held.streams.size() == 1);
    }

    rill::stream& near() { return mine.front(); }

    rill::stream& far() { return held.streams.front(); }

    void cut_link() { net.partition({"client"}, {"server"}); }

    std::vector<rill::stream> mine;
};

TEST_CASE("network: lost segments are sent again, and every byte arrives in order")
{
    connected n;
    n.net.link("client", "server").loss(0.2).segment(10, 100);
    std::string sent;
    while (sent.size() < 20'000)
        sent += std::to_string(sent.size()) + ' ';
    n.run([&]() -> awaitable<void> {
        n.near().writer().options().write_stall(rill::forever);
        n.near().writer().write(sent);
        n.near().writer().write_eof();
        CHECK(co_await n.far().reader().read_all() == sent);
    });
    CHECK(n.net.statistics().lost > 20);
    CHECK(n.net.statistics().lost == n.net.statistics().retransmitted);
}

TEST_CASE("network: what is lost again and again waits twice as long each time")
{
    std::vector<rill::duration> tries;
    connected n;
    n.net.path("client", "server").loss(1);
    n.net.on_event([&](const rill::testing::network_event& e) {
        if (e.what == rill::testing::network_event::kind::retransmit)
            tries.push_back(n.elapsed());
    });
    const auto begun = n.elapsed();
    n.near().writer().write("x\n");
    n.loop.advance(4s);
    REQUIRE(tries.size() == 4);
    CHECK(tries[0] - begun == 200ms);
    CHECK(tries[1] - begun == 600ms);
    CHECK(tries[2] - begun == 1400ms);
    CHECK(tries[3] - begun == 3s);
    n.net.path("client", "server").loss(0);
    n.run([&]() -> awaitable<void> { CHECK(co_await n.far().reader().read_line() == "x\n"); });
    CHECK(n.elapsed() - begun == 6210ms);
}

TEST_CASE("network: a partition holds bytes back, and they arrive after it")
{
    connected n;
    n.near().writer().write("before\n");
    n.loop.settle();
    n.cut_link(); // what is on its way is lost, too
    n.near().writer().write("during\n");
    n.loop.advance(1min);
    CHECK(n.far().socket().available() == 0);
    n.net.heal();
    n.run([&]() -> awaitable<void> {
        CHECK(co_await n.far().reader().read_line() == "before\n");
        CHECK(co_await n.far().reader().read_line() == "during\n");
    });
}

TEST_CASE("network: a partition keeps the news of a window back, and the writer goes on after it")
{
    connected n;
    n.near().writer().options().write_stall(rill::forever);
    n.near().writer().write(std::string(300'000, 'x'));
    n.loop.advance(1s);
    n.cut_link();
    n.run([&]() -> awaitable<void> {
        CHECK((co_await n.far().reader().read_exactly(60'000)).size() == 60'000);
        co_await rill::sleep(1h);
        CHECK(n.far().socket().available() == 0); // the reader holds the rest of the window
        n.net.heal();
        CHECK((co_await n.far().reader().read_exactly(240'000)).size() == 240'000);
    });
}

TEST_CASE("network: a partition is between the hosts that were named, until it is healed there")
{
    two_hosts n;
    n.net.host("other");
    const auto server = n.listen(echo_back);
    n.net.partition({"client", "other"}, {"server"});
    n.net.heal({"other"}, {"server"});
    rill::connect_options briefly;
    briefly.timeout(1s);
    CHECK_THROWS_AS(
        n.run([&]() -> awaitable<void> { co_await rill::open_connection("server", 7, briefly); }),
        rill::connect_error
    );
    const auto here = n.net.host("other").enter();
    CHECK_NOTHROW(n.loop.run(rill::open_connection("server", 7, briefly)));
}

TEST_CASE("network: a connection whose bytes do not get through ends with timed_out")
{
    connected n;
    n.cut_link();
    n.near().writer().options().write_stall(rill::forever);
    n.near().writer().write("x");
    const auto begun = n.elapsed();
    n.run([&]() -> awaitable<void> {
        CHECK(co_await error_of(n.near().reader().read_line()) == error::timed_out);
    });
    CHECK(n.elapsed() - begun >= 15min);
    CHECK(n.elapsed() - begun < 17min);
    CHECK(n.net.statistics().timed_out == 1);
}

TEST_CASE("network: the limit can be set; who sends nothing does not notice")
{
    connected n;
    n.net.retransmit_limit(5s);
    n.cut_link();
    n.near().writer().write("x");
    const auto silent = n.server.spawn(n.far().reader().read_line());
    n.run([&]() -> awaitable<void> {
        CHECK(co_await error_of(n.near().reader().read_line()) == error::timed_out);
        n.net.heal();
        co_await rill::sleep(24h);
    });
    CHECK_FALSE(silent.done());
    n.far().writer().write("still there?"); // nobody is
    n.loop.advance(1s);
    REQUIRE(silent.done());
    CHECK(how_it_failed(silent.exception()) == error::connection_reset);
}

TEST_CASE("network: a connect during a partition times out")
{
    two_hosts n;
    const auto server = n.listen(echo_back);
    n.net.partition({"client"}, {"server"});
    rill::connect_options patient;
    patient.timeout(rill::forever);
    n.run([&]() -> awaitable<void> {
        auto connecting = rill::open_connection("server", 7, patient);
        CHECK(co_await error_of(std::move(connecting)) == error::timed_out);
    });
    CHECK(n.elapsed() == 127s);
}

TEST_CASE("network: a connect gets through when the partition ends")
{
    two_hosts n;
    const auto server = n.listen(echo_back);
    n.net.partition({"client"}, {"server"});
    const auto connecting = n.client.spawn(rill::open_connection("server", 7));
    n.loop.advance(10s);
    n.net.heal();
    n.loop.advance(5s);
    CHECK(connecting.done());
    CHECK_FALSE(connecting.exception());
}

TEST_CASE("network: a handshake that loses segments is completed all the same")
{
    two_hosts n;
    const auto server = n.listen(echo_back);
    n.net.link("client", "server").latency(1ms).loss(0.2);
    rill::connect_options patient;
    patient.timeout(rill::forever);
    n.run([&]() -> awaitable<void> {
        for (int i = 0; i < 50; ++i) {
            rill::stream s = co_await rill::open_connection("server", 7, patient);
            s.writer().write("x\n");
            CHECK(co_await s.reader().read_line() == "x\n");
        }
    });
    CHECK(n.net.statistics().connections == 50);
}

TEST_CASE("network: a reset is connection_reset for both sides, and for no other connection")
{
    connected n;
    const auto here = n.net.host("other").enter();
    rill::stream other = n.loop.run(rill::open_connection("server", 7));
    n.net.reset("client", "server");
    n.loop.run([&]() -> awaitable<void> {
        CHECK(co_await error_of(n.near().reader().read_line()) == error::connection_reset);
        CHECK(co_await error_of(n.far().reader().read_line()) == error::connection_reset);
        other.writer().write("x\n");
        CHECK(co_await n.held.streams.at(1).reader().read_line() == "x\n");
    });
}

TEST_CASE("network: peers of a host that crashed are not told, and time out when they send")
{
    connected n;
    const auto reading = n.client.spawn(n.near().reader().read_line());
    n.net.crash("server");
    CHECK_FALSE(n.server.is_up());
    n.loop.advance(24h);
    CHECK_FALSE(reading.done());
    n.near().writer().options().write_stall(rill::forever);
    n.near().writer().write("x");
    n.loop.advance(10min);
    CHECK_FALSE(reading.done());
    n.loop.advance(10min);
    REQUIRE(reading.done());
    CHECK(how_it_failed(reading.exception()) == error::timed_out);
}

TEST_CASE("network: peers of a host that was restarted get a reset when they send")
{
    connected n;
    const auto reading = n.client.spawn(n.near().reader().read_line());
    n.server.crash();
    n.server.restart();
    n.loop.advance(24h);
    CHECK_FALSE(reading.done());
    n.near().writer().write("x");
    n.loop.advance(20ms);
    REQUIRE(reading.done());
    CHECK(how_it_failed(reading.exception()) == error::connection_reset);
}

TEST_CASE("network: a writer whose peer crashed with a full window finds out, too")
{
    connected n;
    n.near().writer().options().write_stall(rill::forever);
    n.near().writer().write(std::string(300'000, 'x'));
    n.loop.advance(1s);
    n.server.crash();
    n.server.restart();
    n.run([&]() -> awaitable<void> {
        CHECK(co_await error_of(n.near().writer().drain()) == error::connection_reset);
    });
}

TEST_CASE("network: on the host that crashes tasks are cancelled, and sockets fail")
{
    connected n;
    const auto running = n.server.spawn(rill::sleep(24h));
    n.server.crash();
    n.loop.settle();
    CHECK(running.cancelled());
    const auto here = n.server.enter();
    n.loop.run([&]() -> awaitable<void> {
        CHECK(co_await error_of(n.far().reader().read_line()) == error::network_down);
        CHECK(co_await error_of(rill::open_connection("client", 7)) == error::network_down);
        CHECK(co_await error_of(rill::start_server(echo_back, "", 9)) == error::network_down);
    });
}

TEST_CASE("network: a host opens as many sockets as it may, and more once one is closed")
{
    two_hosts n;
    const auto server = n.listen(echo_back);
    n.client.socket_limit(1);
    n.run([&]() -> awaitable<void> {
        {
            const rill::stream first = co_await rill::open_connection("server", 7);
            const auto second = co_await error_of(rill::open_connection("server", 7));
            CHECK(second == error::no_descriptors);
        }
        co_await rill::sleep(1s); // for the first to be closed
        co_await rill::open_connection("server", 7);
    });
}

TEST_CASE("network: a server that has too many sockets accepts again once one is closed")
{
    two_hosts n;
    n.server.socket_limit(1);
    const auto server = n.listen(echo_back);
    n.run([&]() -> awaitable<void> {
        auto first = std::make_optional(co_await rill::open_connection("server", 7));
        rill::stream second = co_await rill::open_connection("server", 7);
        second.writer().write("x");
        co_await rill::sleep(1s);
        CHECK(server.connections() == 1);
        first.reset();
        CHECK(co_await second.reader().read_exactly(1) == "x");
    });
    n.loop.expect_reported("accept: Too many open files");
}

TEST_CASE("network: a host that was restarted listens once it is told to")
{
    two_hosts n;
    auto server = n.listen(echo_back);
    n.server.crash();
    n.server.restart();
    n.run([&]() -> awaitable<void> {
        CHECK(co_await error_of(rill::open_connection("server", 7)) == error::connection_refused);
    });
    const auto again = n.listen(echo_back);
    n.run([&]() -> awaitable<void> {
        rill::stream s = co_await rill::open_connection("server", 7);
        s.writer().write("x\n");
        CHECK(co_await s.reader().read_line() == "x\n");
    });
}

TEST_CASE("network: a reset may be lost; whoever sends to a closed socket gets another one")
{
    connected n;
    n.net.path("server", "client").loss(1);
    n.far().abort();
    n.loop.advance(1s);
    n.net.path("server", "client").loss(0);
    const auto reading = n.client.spawn(n.near().reader().read_line());
    n.loop.advance(1h);
    CHECK_FALSE(reading.done());
    n.near().writer().write("x");
    n.loop.advance(20ms);
    REQUIRE(reading.done());
    CHECK(how_it_failed(reading.exception()) == error::connection_reset);
}

} // namespace
