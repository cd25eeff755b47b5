// SPDX-License-Identifier: BSL-1.0
#include "client.hpp"
#include "handlers.hpp"
#include "live_server.hpp"
#include <support/simulated_http.hpp>

#include <rill/sleep.hpp>

#include <doctest/doctest.h>

#include <chrono>
#include <optional>
#include <string>

namespace {

using namespace std::chrono_literals;
using namespace test;
using rill::awaitable;

const std::string get = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
const std::string slow = "GET /slow HTTP/1.1\r\nHost: a\r\n\r\n"; // 100 ms
const std::string stuck = "GET /stuck HTTP/1.1\r\nHost: a\r\n\r\n";

TEST_CASE("http drain: idle connections close at once, running requests finish")
{
    simulated_http s(sample_service());
    s.run([&]() -> awaitable<void> {
        http_client fresh = co_await s.connect();
        http_client idle = co_await s.connect();
        idle.send(get);
        CHECK(status(co_await idle.response()) == 200);
        http_client busy = co_await s.connect();
        busy.send(slow + get);
        co_await rill::sleep(99ms);
        CHECK(s.http.connections() == 3);

        s.http.stop();
        CHECK(co_await idle.closed());
        CHECK(co_await fresh.closed());
        CHECK(s.elapsed() == 99ms);
        const std::string last = co_await busy.response();
        CHECK(s.elapsed() == 100ms);
        CHECK(body(last) == "slow");
        CHECK(says_close(last));
        CHECK(co_await busy.closed());
        busy.stream.close();
        co_await rill::testing::settle();
        CHECK(s.http.connections() == 0);
        CHECK(s.elapsed() == 100ms);
    });
}

TEST_CASE("http drain: where the grace is never, idle connections end with their next request")
{
    rill::http::settings l;
    l.keep_alive_idle = std::chrono::milliseconds::max();
    simulated_http s(sample_service(), l);
    s.run([&]() -> awaitable<void> {
        http_client idle = co_await s.connect();
        idle.send(get);
        CHECK(status(co_await idle.response()) == 200);
        s.http.stop(std::chrono::milliseconds::max());
        co_await rill::sleep(6h);
        CHECK(s.http.connections() == 1);
        idle.send(get);
        CHECK(says_close(co_await idle.response()));
        CHECK(co_await idle.closed());
    });
}

TEST_CASE("http drain: who connects afterwards is served once")
{
    simulated_http s(sample_service());
    s.run([&]() -> awaitable<void> {
        s.http.stop();
        http_client client = co_await s.connect();
        client.send(get);
        CHECK(says_close(co_await client.response()));
        CHECK(co_await client.closed());
    });
    CHECK(s.elapsed() == 0s);
}

TEST_CASE("http drain: within the grace an idle connection may send one more request")
{
    simulated_http s(sample_service());
    s.run([&]() -> awaitable<void> {
        http_client used = co_await s.connect();
        http_client unused = co_await s.connect();
        for (http_client* c : {&used, &unused}) {
            c->send(get);
            CHECK(status(co_await c->response()) == 200);
        }
        s.http.stop(2s);
        co_await rill::sleep(1999ms);
        CHECK(s.http.connections() == 2);
        used.send(get);
        CHECK(says_close(co_await used.response()));
        CHECK(co_await used.closed());
        CHECK(s.elapsed() == 1999ms);
        CHECK(co_await unused.closed());
        CHECK(s.elapsed() >= 2s);
        CHECK(s.elapsed() <= 2500ms);
    });
}

TEST_CASE("http drain: the listener's drain ends with the last request, or cancels what is left")
{
    simulated_http s(sample_service());
    s.run([&]() -> awaitable<void> {
        http_client quick = co_await s.connect();
        quick.send(slow);
        co_await rill::testing::settle();
        s.http.stop();
        CHECK(co_await s.accepting.drain(20s));
        CHECK(s.elapsed() == 100ms);
        CHECK(body(co_await quick.response()) == "slow");

        s.accepting = s.start();
        http_client lost = co_await s.connect();
        lost.send(stuck);
        http_client left = co_await s.connect();
        left.send("GET / HT");
        co_await rill::testing::settle();
        const auto begun = s.elapsed();
        CHECK_FALSE(co_await s.accepting.drain(5s));
        CHECK(s.elapsed() - begun == 5s);
        CHECK(s.http.connections() == 0);
        CHECK(co_await lost.closed());
        CHECK(co_await left.closed());
    });
}

TEST_CASE("http drain: cancelling the tasks of a loop ends whatever is left")
{
    std::optional<client> left;
    {
        live_server server(sample_service());
        client answered_never(server.port());
        answered_never.send(stuck);
        left.emplace(server.port());
        left->send("GET / HT");
        server.wait_for_connections(2);
    } // the fixture cancels every task; it would hang if one did not end
    CHECK(left->closed());
}

} // namespace
