// SPDX-License-Identifier: BSL-1.0

// Every limit of time, at its default, on a network in memory and by a clock that the test moves.

#include "client.hpp"
#include "handlers.hpp"
#include "live_server.hpp"
#include <support/simulated_http.hpp>

#include <rill/sleep.hpp>

#include <doctest/doctest.h>

#include <chrono>
#include <set>
#include <string>
#include <vector>

namespace {

using namespace std::chrono_literals;
using namespace test;
using rill::awaitable;

const std::string get = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
const std::string post = "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: ";

/// As the server promises: up to half a second late, never early.
void check_on_time(rill::duration took, rill::duration limit)
{
    const double late = std::chrono::duration<double>(took - limit).count();
    CHECK(late >= 0);
    CHECK(late <= 0.5);
}

/// Has a client talk that connects at different distances from the ticks of the server's clock.
template <class F>
void at_every_phase(F talk)
{
    for (const rill::duration phase : {0ms, 1ms, 125ms, 249ms}) {
        CAPTURE(std::chrono::duration<double>(phase).count());
        simulated_http s(sample_service());
        s.run([&]() -> awaitable<void> {
            const http_client other = co_await s.connect(); // from here on the clock ticks
            co_await rill::sleep(phase);
            http_client client = co_await s.connect();
            co_await talk(s, client);
        });
    }
}

TEST_CASE("http deadlines: a client that sends nothing is closed without an answer")
{
    at_every_phase([](simulated_http& s, http_client& client) -> awaitable<void> {
        const auto begun = s.elapsed();
        CHECK(co_await client.closed());
        check_on_time(s.elapsed() - begun, 10s);
    });
}

TEST_CASE("http deadlines: a head that does not end in time is a 408")
{
    at_every_phase([](simulated_http& s, http_client& client) -> awaitable<void> {
        co_await rill::sleep(9s); // the time for the first byte does not count
        const auto begun = s.elapsed();
        client.send("GET / HTTP/1.1\r\nHos");
        CHECK(status(co_await client.response()) == 408);
        check_on_time(s.elapsed() - begun, 10s);
        CHECK(co_await client.closed());
    });
}

awaitable<void> send_slowly(http_client& client, std::string piece, int times)
{
    for (int i = 0; i < times; ++i) {
        client.send(piece);
        co_await rill::sleep(1s);
    }
}

TEST_CASE("http deadlines: a slow head is not saved by sending a byte now and then")
{
    at_every_phase([](simulated_http& s, http_client& client) -> awaitable<void> {
        const auto begun = s.elapsed();
        const auto sending = rill::create_task(send_slowly(client, "a", 20));
        CHECK(status(co_await client.response()) == 408);
        check_on_time(s.elapsed() - begun, 10s);
        co_await sending;
    });
}

TEST_CASE("http deadlines: an idle connection is closed")
{
    at_every_phase([](simulated_http& s, http_client& client) -> awaitable<void> {
        client.send(get);
        CHECK(status(co_await client.response()) == 200);
        const auto begun = s.elapsed();
        CHECK(co_await client.closed());
        check_on_time(s.elapsed() - begun, 75s);
    });
}

TEST_CASE("http deadlines: an idle connection that has given its memory back serves on")
{
    at_every_phase([](simulated_http&, http_client& client) -> awaitable<void> {
        for (int i = 0; i < 3; ++i) {
            client.send(get);
            CHECK(status(co_await client.response()) == 200);
            co_await rill::sleep(75s);
        }
        client.send(get);
        CHECK(status(co_await client.response()) == 200);
    });
}

/// How old a connection is when it is told to close, in minutes.
awaitable<int> minutes_until_close(simulated_http& s)
{
    http_client client = co_await s.connect();
    for (int minute = 0;; ++minute) {
        client.send(get);
        const std::string answer = co_await client.response();
        REQUIRE(status(answer) == 200);
        if (says_close(answer))
            co_return minute;
        co_await rill::sleep(1min);
    }
}

TEST_CASE("http deadlines: connections are told to close at different ages around an hour")
{
    simulated_http s(sample_service());
    s.run([&]() -> awaitable<void> {
        std::vector<rill::task<int>> connections;
        for (int i = 0; i < 100; ++i)
            connections.push_back(rill::create_task(minutes_until_close(s)));
        std::set<int> ages;
        for (const auto& age : connections)
            ages.insert(co_await age);
        CHECK(*ages.begin() == 54);
        CHECK(*ages.rbegin() == 66);
        CHECK(ages.size() == 13); // spread over all minutes between
    });
}

TEST_CASE("http deadlines: content that stops coming is a 408")
{
    for (const char* framing :
         {"Content-Length: 5\r\n\r\nab", "Transfer-Encoding: chunked\r\n\r\n5\r\nab"})
        at_every_phase([&](simulated_http& s, http_client& client) -> awaitable<void> {
            client.send(std::string("POST /echo HTTP/1.1\r\nHost: a\r\n") + framing);
            co_await rill::sleep(5s);
            client.send("c"); // from here it counts again
            const auto begun = s.elapsed();
            CHECK(status(co_await client.response()) == 408);
            check_on_time(s.elapsed() - begun, 15s);
            CHECK(co_await client.closed());
        });
}

TEST_CASE("http deadlines: content that comes too slowly is a 408, after ten seconds")
{
    at_every_phase([](simulated_http& s, http_client& client) -> awaitable<void> {
        const auto begun = s.elapsed();
        client.send(post + "100000\r\n\r\n");
        const auto sending = rill::create_task(send_slowly(client, std::string(900, 'a'), 20));
        CHECK(status(co_await client.response()) == 408);
        CHECK(s.elapsed() - begun >= 10s);
        CHECK(s.elapsed() - begun <= 11s); // at the next piece
        co_await sending;
    });
}

TEST_CASE("http deadlines: content that comes a little faster than it must is taken")
{
    at_every_phase([](simulated_http& s, http_client& client) -> awaitable<void> {
        const auto begun = s.elapsed();
        client.send(post + "55000\r\n\r\n");
        const auto sending = rill::create_task(send_slowly(client, std::string(1100, 'a'), 50));
        CHECK(body(co_await client.response()).size() == 55'000);
        CHECK(s.elapsed() - begun == 49s);
        co_await sending;
    });
}

TEST_CASE("http deadlines: a whole request has a limit, however steadily its content comes")
{
    at_every_phase([](simulated_http& s, http_client& client) -> awaitable<void> {
        const auto begun = s.elapsed();
        client.send(post + "1000000\r\n\r\n");
        const auto sending = rill::create_task(send_slowly(client, std::string(2000, 'a'), 70));
        CHECK(status(co_await client.response()) == 408);
        check_on_time(s.elapsed() - begun, 60s);
        co_await sending;
    });
}

TEST_CASE("http deadlines: a handler that takes too long is cancelled, and the connection lives on")
{
    at_every_phase([](simulated_http& s, http_client& client) -> awaitable<void> {
        for (int i = 0; i < 2; ++i) {
            const auto begun = s.elapsed();
            client.send("GET /stuck HTTP/1.1\r\nHost: a\r\n\r\n");
            CHECK(status(co_await client.response()) == 504);
            check_on_time(s.elapsed() - begun, 60s);
        }
        client.send(get);
        CHECK(status(co_await client.response()) == 200);
    });
}

TEST_CASE("http deadlines: a handler whose client is lost is cancelled within half a second")
{
    at_every_phase([](simulated_http& s, http_client& client) -> awaitable<void> {
        client.send("GET /stuck HTTP/1.1\r\nHost: a\r\n\r\n");
        co_await rill::sleep(5s);
        CHECK(s.http.connections() == 2);
        s.net.reset("client", "server");
        co_await rill::sleep(500ms);
        CHECK(s.http.connections() == 0);
    });
}

TEST_CASE("http deadlines: a client that has closed its side ends what its route says, and no other"
)
{
    at_every_phase([](simulated_http& s, http_client& client) -> awaitable<void> {
        client.send("GET /stuck HTTP/1.1\r\nHost: a\r\n\r\n");
        client.stream.writer().write_eof();
        http_client other = co_await s.connect();
        other.send("GET /watched HTTP/1.1\r\nHost: a\r\n\r\n");
        co_await rill::sleep(1s);
        CHECK(s.http.connections() == 3);
        other.stream.writer().write_eof();
        co_await rill::sleep(500ms);
        CHECK(s.http.connections() == 2);
        CHECK(co_await other.closed());
        CHECK(status(co_await client.response()) == 504); // a minute after it began
    });
}

TEST_CASE("http: a simulated run is the same again to the byte, and its Date goes by its clock")
{
    const auto bytes = [] {
        std::string all;
        simulated_http s(sample_service());
        s.run([&]() -> awaitable<void> {
            http_client client = co_await s.connect();
            client.send(get);
            co_await rill::sleep(1min);
            client.send("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
            all = co_await client.rest();
        });
        return all;
    };
    const std::string first = bytes();
    CHECK(first.find("\r\nDate: Sat, 01 Jan 2000 01:00:00 GMT\r\n") != std::string::npos);
    CHECK(first.find("\r\nDate: Sat, 01 Jan 2000 01:01:00 GMT\r\n") != std::string::npos);
    CHECK(bytes() == first);
}

TEST_CASE("http deadlines: a client that does not read is cut")
{
    at_every_phase([](simulated_http& s, http_client& client) -> awaitable<void> {
        client.send("GET /large HTTP/1.1\r\nHost: a\r\n\r\n");
        co_await rill::sleep(30s);
        CHECK(s.http.connections() == 1);
        co_await rill::sleep(500ms);
        CHECK(s.http.connections() == 0);
        CHECK((co_await client.rest()).size() < 8u * 1024 * 1024);
    });
}

TEST_CASE("http deadlines: a client that reads slowly is not cut")
{
    at_every_phase([](simulated_http&, http_client& client) -> awaitable<void> {
        client.send("GET /large HTTP/1.1\r\nHost: a\r\n\r\n");
        std::size_t size = 0;
        while (size < 8u * 1024 * 1024) {
            co_await rill::sleep(29s);
            const std::string piece = co_await client.stream.reader().read(128 * 1024);
            REQUIRE(!piece.empty());
            size += piece.size();
        }
    });
}

TEST_CASE("http deadlines: a client that was refused is listened to until five seconds of silence")
{
    at_every_phase([](simulated_http& s, http_client& client) -> awaitable<void> {
        co_await rill::sleep(9s);
        client.send(post + "2000000\r\n\r\n");
        CHECK(status(co_await client.response()) == 413);
        co_await send_slowly(client, "a", 5); // the last one a second ago
        co_await rill::sleep(4s);
        CHECK(s.http.connections() == 1);
        co_await rill::sleep(500ms);
        CHECK(s.http.connections() == 0);
    });
}

TEST_CASE("http deadlines: a client that was refused and goes on sending is cut after 30 seconds")
{
    at_every_phase([](simulated_http& s, http_client& client) -> awaitable<void> {
        client.send(post + "2000000\r\n\r\n");
        CHECK(status(co_await client.response()) == 413);
        co_await send_slowly(client, "a", 30);
        CHECK(s.http.connections() == 1);
        co_await rill::sleep(500ms);
        CHECK(s.http.connections() == 0);
    });
}

// The kernel's sockets and the real clock, once: 50 ms.
TEST_CASE("http deadlines: a client that does not read is cut in real time too")
{
    rill::http::settings l;
    l.write_stall = 50ms;
    live_server server(sample_service(), l);
    client client(server.port(), 4096);
    client.send("GET /large HTTP/1.1\r\nHost: a\r\n\r\n");
    server.wait_for_connections(1);
    server.wait_for_connections(0);
    CHECK(client.rest().size() < 8u * 1024 * 1024);
}

} // namespace
