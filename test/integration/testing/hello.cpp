// SPDX-License-Identifier: BSL-1.0

// The hello service, and with it the HTTP server, on a network in memory.

#include <support/network.hpp>

#include <rill/http/server.hpp>
#include <rill/sleep.hpp>

#include <hello.hpp>

#include <chrono>
#include <memory>
#include <string>

namespace {

using namespace std::chrono_literals;
using namespace test;
using rill::awaitable;

/// Its routes and limits behind a server of the test's own.
struct service : two_hosts {
    rill::http::router routes = hello::routes();
    rill::http::server http;
    rill::server serving =
        listen([this](rill::stream client) { return http.serve(std::move(client)); }, "*:8080");

    explicit service(const hello::http_settings& settings = {})
        : http([this](rill::http::request& r) { return routes(r); }, hello::limits_of(settings))
    {
        net.defaults().latency(20ms);
    }
};

std::string get(const std::string& target)
{
    return "GET " + target + " HTTP/1.1\r\nHost: a\r\n\r\n";
}

/// A response with a Content-Length.
awaitable<std::string> response(rill::stream& from)
{
    std::string head = co_await from.reader().read_until("\r\n\r\n");
    const auto at = head.find("Content-Length: ");
    const std::size_t size = at == std::string::npos ? 0 : std::stoul(head.substr(at + 16));
    co_return head + co_await from.reader().read_exactly(size);
}

TEST_CASE("simulated hello: a request is answered")
{
    service s;
    s.run([&]() -> awaitable<void> {
        rill::stream client = co_await rill::open_connection("server", 8080);
        client.writer().write(get("/hello/you"));
        CHECK((co_await response(client)).ends_with(R"({"message":"Hello, you!"})"));
    });
    CHECK(s.elapsed() == 80ms);
}

TEST_CASE("simulated hello: requests that arrive byte by byte are answered all the same")
{
    service s;
    s.net.defaults().segment(1, 1).loss(0.01);
    s.run([&]() -> awaitable<void> {
        rill::stream client = co_await rill::open_connection("server", 8080);
        for (int i = 0; i < 10; ++i) {
            client.writer().write(get("/hello/you"));
            CHECK((co_await response(client)).ends_with(R"({"message":"Hello, you!"})"));
        }
    });
}

TEST_CASE("simulated hello: an idle connection is closed after hours, if that is the setting")
{
    hello::http_settings settings;
    settings.keep_alive_idle = 6h;
    settings.connection_age = 48h;
    service s(settings);
    s.run([&]() -> awaitable<void> {
        rill::stream client = co_await rill::open_connection("server", 8080);
        client.writer().write(get("/plaintext"));
        co_await response(client);
        const auto begun = s.elapsed();
        CHECK((co_await client.reader().read_all()).empty());
        CHECK(s.elapsed() - begun >= 6h);
        CHECK(s.elapsed() - begun < 6h + 10s);
    });
}

TEST_CASE("simulated hello: a client that says nothing is closed after first_byte_timeout")
{
    service s;
    s.run([&]() -> awaitable<void> {
        rill::stream client = co_await rill::open_connection("server", 8080);
        CHECK((co_await client.reader().read_all()).empty());
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
        rill::stream slow = co_await rill::open_connection("server", 8080);
        slow.writer().write(post + content);
        std::string got;
        while (!got.ends_with(content)) {
            got += co_await slow.reader().read(10'000);
            co_await rill::sleep(200ms);
        }
        rill::stream stopped = co_await rill::open_connection("server", 8080);
        stopped.writer().write(post + content);
        co_await rill::sleep(40s); // the write stall is 30 s
        CHECK(s.http.connections() == 1);
    });
}

TEST_CASE("simulated hello: a request in a partition is answered after it")
{
    hello::http_settings patient;
    patient.first_byte_timeout = 1h;
    service s(patient);
    s.run([&]() -> awaitable<void> {
        rill::stream client = co_await rill::open_connection("server", 8080);
        client.writer().options().write_stall(1h);
        s.net.partition({"client"}, {"server"});
        client.writer().write(get("/plaintext"));
        co_await rill::sleep(10min);
        s.net.heal();
        CHECK((co_await response(client)).ends_with("Hello, World!"));
    });
}

TEST_CASE("simulated hello: pipelined requests are answered in order")
{
    service s;
    s.run([&]() -> awaitable<void> {
        rill::stream client = co_await rill::open_connection("server", 8080);
        for (int i = 0; i < 100; ++i)
            client.writer().write(get("/hello/" + std::to_string(i)));
        for (int i = 0; i < 100; ++i) {
            const std::string expected = R"({"message":"Hello, )" + std::to_string(i) + R"(!"})";
            CHECK((co_await response(client)).ends_with(expected));
        }
    });
}

TEST_CASE("simulated hello: clients of a server that crashed find out, and reach the next one")
{
    service s;
    s.run([&]() -> awaitable<void> {
        rill::stream client = co_await rill::open_connection("server", 8080);
        client.writer().write(get("/plaintext"));
        co_await response(client);
        s.server.crash();
        s.server.restart();
        client.writer().write(get("/plaintext"));
        CHECK(co_await error_of(response(client)) == boost::asio::error::connection_reset);
    });
    s.serving =
        s.listen([&](rill::stream client) { return s.http.serve(std::move(client)); }, "*:8080");
    s.run([&]() -> awaitable<void> {
        rill::stream client = co_await rill::open_connection("server", 8080);
        client.writer().write(get("/plaintext"));
        CHECK((co_await response(client)).ends_with("Hello, World!"));
    });
}

} // namespace
