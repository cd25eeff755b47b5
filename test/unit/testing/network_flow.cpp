// SPDX-License-Identifier: BSL-1.0

// How bytes move, as far as nothing goes wrong.

#include <support/network.hpp>

#include <rill/sleep.hpp>
#include <rill/testing/network.hpp>
#include <rill/timeout.hpp>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/deferred.hpp>

#include <chrono>
#include <optional>
#include <string>

namespace {

using namespace std::chrono_literals;
using namespace test;
using rill::awaitable;
namespace error = boost::asio::error;

/// A connection between the two hosts; the test has both ends.
struct both_ends : two_hosts {
    keeper held;
    rill::server server_object = listen(held.handler());

    explicit both_ends(rill::duration latency = 0ms)
    {
        net.link("client", "server").latency(latency);
        run([this]() -> awaitable<void> {
            mine.push_back(co_await rill::open_connection("server", 7));
        });
        loop.advance(latency);
        REQUIRE(held.streams.size() == 1);
    }

    rill::stream& near() { return mine.front(); }

    rill::stream& far() { return held.streams.front(); }

    std::vector<rill::stream> mine;
};

TEST_CASE("network: bytes take the latency of the link, and the same back")
{
    both_ends n(20ms);
    const auto echo = n.server.spawn([&]() -> awaitable<void> {
        n.far().writer().write(co_await n.far().reader().read_line());
    });
    const auto before = n.elapsed();
    n.run([&]() -> awaitable<void> {
        n.near().writer().write("x\n");
        CHECK(co_await n.near().reader().read_line() == "x\n");
    });
    CHECK(n.elapsed() - before == 40ms);
}

TEST_CASE("network: a direction can have a latency of its own")
{
    both_ends n(20ms);
    n.net.path("server", "client").latency(1s);
    const auto echo = n.server.spawn([&]() -> awaitable<void> {
        n.far().writer().write(co_await n.far().reader().read_line());
    });
    const auto before = n.elapsed();
    n.run([&]() -> awaitable<void> {
        n.near().writer().write("x\n");
        co_await n.near().reader().read_line();
    });
    CHECK(n.elapsed() - before == 1020ms);
}

TEST_CASE("network: the defaults hold for links without settings of their own, later changes too")
{
    two_hosts n;
    const auto server = n.listen(echo_back);
    n.net.defaults().latency(5ms);
    n.run([]() -> awaitable<void> { co_await rill::open_connection("server", 7); });
    CHECK(n.elapsed() == 10ms);
    n.net.link("client", "server").jitter(0ms); // from here on it is on its own
    n.net.defaults().latency(1s);
    n.run([]() -> awaitable<void> { co_await rill::open_connection("server", 7); });
    CHECK(n.elapsed() == 20ms);
}

TEST_CASE("network: jitter delays, and changes no order")
{
    both_ends n(10ms);
    n.net.link("client", "server").jitter(50ms);
    const auto before = n.elapsed();
    std::string sent;
    n.run([&]() -> awaitable<void> {
        for (int i = 0; i < 100; ++i) {
            const std::string line = std::to_string(i) + '\n';
            sent += line;
            n.near().writer().write(line);
            co_await rill::sleep(1ms);
        }
        n.near().writer().write_eof();
        CHECK(co_await n.far().reader().read_all() == sent);
    });
    CHECK(n.elapsed() - before > 110ms);
    CHECK(n.elapsed() - before <= 160ms);
}

TEST_CASE("network: bandwidth bounds the rate, of all connections of a direction together")
{
    both_ends n;
    n.net.link("client", "server").bandwidth(1'000'000);
    const auto before = n.elapsed();
    n.run([&]() -> awaitable<void> {
        n.near().writer().write(std::string(500'000, 'x'));
        const std::string got = co_await n.far().reader().read_exactly(500'000);
        CHECK(got.size() == 500'000);
    });
    CHECK(n.elapsed() - before >= 499ms);
    CHECK(n.elapsed() - before <= 501ms);
}

TEST_CASE("network: segments have the sizes that were set")
{
    std::size_t least = 1000;
    std::size_t most = 0;
    both_ends n;
    n.net.link("client", "server").segment(1, 3);
    n.net.on_event([&](const rill::testing::network_event& e) {
        if (e.what != rill::testing::network_event::kind::deliver || e.bytes == 0)
            return;
        least = std::min(least, e.bytes);
        most = std::max(most, e.bytes);
    });
    n.run([&]() -> awaitable<void> {
        n.near().writer().write(std::string(999, 'x'));
        CHECK((co_await n.far().reader().read_exactly(999)).size() == 999);
    });
    CHECK(least == 1);
    CHECK(most == 3);
}

TEST_CASE("network: a peer that does not read makes the writer wait, and goes on when it reads")
{
    both_ends n(1ms);
    n.net.buffers(10'000, 20'000);
    bool drained = false;
    const auto writing = n.client.spawn([&]() -> awaitable<void> {
        n.near().writer().options().watermarks(0, 0).write_stall(rill::forever);
        n.near().writer().write(std::string(1'000'000, 'x'));
        co_await n.near().writer().drain();
        drained = true;
    });
    n.loop.advance(1min);
    CHECK_FALSE(drained);
    CHECK(n.far().socket().available() == 64 * 1024); // that connection's buffers are older
    CHECK(n.near().writer().buffered() >= 1'000'000 - 2 * 64 * 1024);
    n.run([&]() -> awaitable<void> { co_await n.far().reader().read_exactly(1'000'000); });
    n.loop.advance(1s);
    CHECK(drained);
}

TEST_CASE("network: a writer that waits is not woken for a few bytes")
{
    two_hosts n;
    n.net.buffers(900, 900);
    keeper held;
    const auto server = n.listen(held.handler());
    rill::stream near =
        n.run([]() -> awaitable<rill::stream> { return rill::open_connection("server", 7); });
    n.loop.settle();
    rill::stream_socket& s = near.socket();
    rill::error_code ec;
    const std::string much(1800, 'x');
    const boost::asio::const_buffer data(much.data(), much.size());
    while (!ec)
        s.try_write(std::span(&data, 1), ec); // the window and then the buffer are full
    test::completion<> room;
    s.async_wait(rill::stream_socket::wait_write, room.handler());
    char taken[299];
    held.streams.at(0).socket().try_read(taken, ec);
    n.loop.settle();
    CHECK_FALSE(room.done());
    held.streams.at(0).socket().try_read(std::span(taken, 1), ec);
    n.loop.settle();
    CHECK(room.done());
}

TEST_CASE("network: the window bounds what is on its way, so that latency bounds the rate")
{
    two_hosts n;
    n.net.buffers(100'000, 10'000);
    keeper held;
    const auto server = n.listen(held.handler());
    n.net.defaults().latency(50ms);
    n.run([&]() -> awaitable<void> {
        rill::stream s = co_await rill::open_connection("server", 7);
        s.writer().write(std::string(100'000, 'x'));
        co_await rill::sleep(51ms);
        const auto before = n.elapsed();
        CHECK((co_await held.streams.at(0).reader().read_exactly(100'000)).size() == 100'000);
        CHECK(n.elapsed() - before >= 900ms); // ten windows, each of which waits for the one before
        CHECK(n.elapsed() - before <= 1000ms);
    });
}

TEST_CASE("network: the end comes after the data, and the other direction goes on")
{
    both_ends n(5ms);
    n.run([&]() -> awaitable<void> {
        n.near().writer().write("question");
        n.near().writer().write_eof();
        CHECK(co_await n.far().reader().read_all() == "question");
        n.far().writer().write("answer");
        n.far().close();
        CHECK(co_await n.near().reader().read_all() == "answer");
    });
}

TEST_CASE("network: what was written before a close arrives")
{
    both_ends n(5ms);
    n.run([&]() -> awaitable<void> {
        n.near().writer().write(std::string(300'000, 'x'));
        n.mine.clear();
        CHECK((co_await n.far().reader().read_all()).size() == 300'000);
    });
}

TEST_CASE("network: writing to a peer that has closed is accepted, then the connection is broken")
{
    both_ends n(5ms);
    n.run([&]() -> awaitable<void> {
        n.held.streams.clear();
        CHECK((co_await n.near().reader().read_all()).empty());
        const std::string x = "x";
        rill::error_code ec;
        const boost::asio::const_buffer data(x.data(), x.size());
        CHECK(n.near().socket().try_write(std::span(&data, 1), ec) == 1);
        co_await rill::sleep(9ms);
        CHECK(n.near().socket().try_write(std::span(&data, 1), ec) == 1);
        co_await rill::sleep(1ms);
        CHECK(n.near().socket().try_write(std::span(&data, 1), ec) == 0);
        CHECK(ec == error::broken_pipe);
    });
}

TEST_CASE("network: closing with something unread cuts the connection")
{
    both_ends n(5ms);
    n.run([&]() -> awaitable<void> {
        n.near().writer().write("never read");
        co_await rill::sleep(10ms);
        n.held.streams.clear();
        CHECK(co_await error_of(n.near().reader().read_line()) == error::connection_reset);
    });
    CHECK(n.net.statistics().resets == 1);
}

TEST_CASE("network: an abort is a reset, after what is on its way")
{
    both_ends n(5ms);
    n.run([&]() -> awaitable<void> {
        n.near().writer().write("x\n");
        co_await n.near().writer().drain();
        n.near().abort();
        CHECK(co_await n.far().reader().read_line() == "x\n");
        CHECK(co_await error_of(n.far().reader().read_line()) == error::connection_reset);
    });
}

TEST_CASE("network: after a reset the error is told once, then reading ends and writing fails")
{
    both_ends n(5ms);
    n.run([&]() -> awaitable<void> {
        n.near().abort();
        co_await rill::sleep(5ms);
        rill::stream_socket& s = n.far().socket();
        char room[8];
        rill::error_code ec;
        s.try_read(room, ec);
        CHECK(ec == error::connection_reset);
        s.try_read(room, ec);
        CHECK(ec == error::eof);
        const boost::asio::const_buffer data("x", 1);
        s.try_write(std::span(&data, 1), ec);
        CHECK(ec == error::broken_pipe);
        s.shutdown(boost::asio::socket_base::shutdown_send, ec);
        CHECK(ec == error::not_connected);
    });
}

TEST_CASE("network: connections that nobody accepted are reset when the server is destroyed")
{
    two_hosts n;
    rill::server_options one;
    one.max_connections(1);
    std::optional<rill::server> server = n.listen(
        [](rill::stream s) -> awaitable<void> { co_await s.reader().read_all(); }, "*:7", one
    );
    n.run([&]() -> awaitable<void> {
        const rill::stream served = co_await rill::open_connection("server", 7);
        rill::stream queued = co_await rill::open_connection("server", 7);
        server.reset();
        CHECK(co_await error_of(queued.reader().read_line()) == error::connection_reset);
    });
}

} // namespace
