// SPDX-License-Identifier: BSL-1.0

// A server that has as many connections as it may have, and clients that wait outside.

#include "handlers.hpp"
#include <support/simulated_http.hpp>

#include <rill/log_capture.hpp>
#include <rill/sleep.hpp>

#include <doctest/doctest.h>

#include <chrono>
#include <deque>
#include <string>

namespace {

using namespace std::chrono_literals;
using namespace test;
using rill::awaitable;

const std::string get = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
const std::string slow = "GET /slow HTTP/1.1\r\nHost: a\r\n\r\n"; // 100 ms

struct crowded_server : simulated_http {
    explicit crowded_server(std::size_t max_connections)
        : simulated_http(sample_service(), {}, max_connections)
    {
        net.defaults().latency(1ms);
    }

    /// Clients whose requests have been answered, one a second.
    awaitable<void> fill_with_idle_ones(std::size_t n)
    {
        while (clients.size() < n) {
            clients.push_back(co_await connect());
            clients.back().send(get);
            co_await clients.back().response();
            co_await rill::sleep(1s);
        }
    }

    rill::log::capture log;
    std::deque<http_client> clients;
};

} // namespace

TEST_CASE("http crowded: newcomers are served at once, each in the place of the longest idle one")
{
    crowded_server s(3);
    s.run([&]() -> awaitable<void> {
        co_await s.fill_with_idle_ones(3);
        for (std::size_t i = 0; i < 3; ++i) {
            const auto begun = s.elapsed();
            http_client newcomer = co_await s.connect();
            newcomer.send(get);
            CHECK((co_await newcomer.response()).ends_with("root"));
            CHECK(s.elapsed() - begun < 10ms);
            CHECK(co_await s.clients[i].closed());
            s.clients.push_back(std::move(newcomer));
            co_await rill::sleep(1s);
        }
        CHECK(s.http.connections() == 3);
        s.clients[3].send(get); // nobody waits any more
        CHECK((co_await s.clients[3].response()).ends_with("root"));
    });
    s.log.expect("a client waits: an idle one makes room");
    s.log.expect_nothing_else();
}

TEST_CASE("http crowded: where all are at a request, the first that is answered makes room")
{
    crowded_server s(2);
    s.run([&]() -> awaitable<void> {
        http_client first = co_await s.connect();
        first.send(slow);
        co_await rill::sleep(10ms);
        http_client second = co_await s.connect();
        second.send(slow);
        http_client newcomer = co_await s.connect();
        newcomer.send(get);
        const auto begun = s.elapsed();
        CHECK((co_await first.rest()).find("\r\nConnection: close\r\n") != std::string::npos);
        CHECK((co_await newcomer.response()).ends_with("root"));
        CHECK(s.elapsed() - begun < 110ms);
        CHECK((co_await second.response()).find("Connection: close") == std::string::npos);
    });
}

TEST_CASE("http crowded: where there is room nobody is closed")
{
    crowded_server s(3);
    s.run([&]() -> awaitable<void> {
        co_await s.fill_with_idle_ones(3);
        co_await rill::sleep(5s);
        CHECK(s.http.connections() == 3);
    });
    s.log.expect_nothing_else();
}
