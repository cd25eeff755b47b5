// SPDX-License-Identifier: BSL-1.0

// The hello service, and with it the HTTP server, on a network in memory.

#include <support/simulated_http.hpp>

#include <rill/sleep.hpp>

#include <hello.hpp>

#include <chrono>
#include <memory>
#include <string>

namespace {

using namespace std::chrono_literals;
using namespace test;
using rill::awaitable;

rill::http::handler handler()
{
    const auto routes = std::make_shared<rill::http::router>(hello::routes());
    return [routes](rill::http::request& r) { return (*routes)(r); };
}

/// Its routes and limits behind a server of the test's own.
struct service : simulated_http {
    explicit service(const rill::http::settings& settings = {})
        : simulated_http(handler(), settings)
    {
        net.defaults().latency(20ms);
    }
};

std::string get(const std::string& target)
{
    return "GET " + target + " HTTP/1.1\r\nHost: a\r\n\r\n";
}

TEST_CASE("simulated hello: a request is answered")
{
    service s;
    s.run([&]() -> awaitable<void> {
        http_client client = co_await s.connect();
        client.send(get("/hello/you"));
        CHECK((co_await client.response()).ends_with(R"({"message":"Hello, you!"})"));
    });
    CHECK(s.elapsed() == 80ms);
}

TEST_CASE("simulated hello: requests that arrive byte by byte are answered all the same")
{
    service s;
    s.net.defaults().segment(1, 1).loss(0.01);
    s.run([&]() -> awaitable<void> {
        http_client client = co_await s.connect();
        for (int i = 0; i < 10; ++i) {
            client.send(get("/hello/you"));
            CHECK((co_await client.response()).ends_with(R"({"message":"Hello, you!"})"));
        }
    });
}

TEST_CASE("simulated hello: an idle connection is closed after hours, if that is the setting")
{
    rill::http::settings settings;
    settings.keep_alive_idle = 6h;
    settings.connection_age = 48h;
    service s(settings);
    s.run([&]() -> awaitable<void> {
        http_client client = co_await s.connect();
        client.send(get("/plaintext"));
        co_await client.response();
        const auto begun = s.elapsed();
        CHECK(co_await client.closed());
        CHECK(s.elapsed() - begun >= 6h);
        CHECK(s.elapsed() - begun < 6h + 10s);
    });
}

TEST_CASE("simulated hello: a client that says nothing is closed after first_byte_timeout")
{
    service s;
    s.run([&]() -> awaitable<void> {
        http_client client = co_await s.connect();
        CHECK(co_await client.closed());
    });
    CHECK(s.elapsed() >= 10s);
    CHECK(s.elapsed() < 12s);
}

TEST_CASE("simulated hello: a slow reader gets its whole response, one that stops is cut")
{
    const std::string content(900'000, 'x');
    const std::string post = "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 900000\r\n\r\n";
    service s;
    s.run([&]() -> awaitable<void> {
        http_client slow = co_await s.connect();
        slow.send(post + content);
        std::string got;
        while (!got.ends_with(content)) {
            got += co_await slow.stream.reader().read(10'000);
            co_await rill::sleep(200ms);
        }
        http_client stopped = co_await s.connect();
        stopped.send(post + content);
        co_await rill::sleep(40s); // the write stall is 30 s
        CHECK(s.http.connections() == 1);
    });
}

TEST_CASE("simulated hello: a request in a partition is answered after it")
{
    rill::http::settings patient;
    patient.first_byte_timeout = 1h;
    service s(patient);
    s.run([&]() -> awaitable<void> {
        http_client client = co_await s.connect();
        client.stream.writer().options().write_stall(1h);
        s.net.partition({"client"}, {"server"});
        client.send(get("/plaintext"));
        co_await rill::sleep(10min);
        s.net.heal();
        CHECK((co_await client.response()).ends_with("Hello, World!"));
    });
}

TEST_CASE("simulated hello: pipelined requests are answered in order")
{
    service s;
    s.run([&]() -> awaitable<void> {
        http_client client = co_await s.connect();
        for (int i = 0; i < 100; ++i)
            client.send(get("/hello/" + std::to_string(i)));
        for (int i = 0; i < 100; ++i) {
            const std::string expected = R"({"message":"Hello, )" + std::to_string(i) + R"(!"})";
            CHECK((co_await client.response()).ends_with(expected));
        }
    });
}

TEST_CASE("simulated hello: clients of a server that crashed find out, and reach the next one")
{
    service s;
    s.run([&]() -> awaitable<void> {
        http_client client = co_await s.connect();
        client.send(get("/plaintext"));
        co_await client.response();
        s.server.crash();
        s.server.restart();
        client.send(get("/plaintext"));
        CHECK(co_await error_of(client.response()) == boost::asio::error::connection_reset);
    });
    s.accepting = s.start();
    s.run([&]() -> awaitable<void> {
        http_client client = co_await s.connect();
        client.send(get("/plaintext"));
        CHECK((co_await client.response()).ends_with("Hello, World!"));
    });
}

} // namespace
