// SPDX-License-Identifier: BSL-1.0
#include "client.hpp"
#include "handlers.hpp"
#include "live_server.hpp"
#include <support/simulated_http.hpp>

#include <boost/asio/buffer.hpp>
#include <boost/asio/local/connect_pair.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/write.hpp>

#include <doctest/doctest.h>

#include <string>
#include <vector>

namespace {

const std::string get = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";

} // namespace

TEST_CASE("http server: an exception in a handler is a 500, is reported, and says nothing outside")
{
    test::live_server server(test::sample_service());
    test::client client(server.port());
    client.send("GET /throw HTTP/1.1\r\nHost: a\r\n\r\n" + get);
    const auto answer = client.response();
    CHECK(test::status(answer) == 500);
    CHECK(answer.find("secret") == std::string::npos);
    CHECK(test::status(client.response()) == 200);
    CHECK(server.reported() == 1);
}

TEST_CASE("EH-06, http server: a fatal error of a handler is no 500, it leaves the run")
{
    bool closed = false;
    test::simulated_http s([](rill::http::request&) -> rill::awaitable<rill::http::response> {
        throw rill::fatal_error("the end");
        co_return rill::http::response();
    });
    const auto ask = [&]() -> rill::awaitable<void> {
        test::http_client client = co_await s.connect();
        client.send(get);
        closed = co_await client.closed();
    };
    CHECK_THROWS_WITH_AS(s.run(ask), "the end", rill::fatal_error);
    s.loop.settle();
    CHECK(closed);
}

TEST_CASE("http server: an exception before the handler's first step is a 500 too")
{
    test::live_server server([](rill::http::request&) -> rill::awaitable<rill::http::response> {
        throw std::runtime_error("no coroutine was made");
    });
    test::client client(server.port());
    client.send(get);
    CHECK(test::status(client.response()) == 500);
    CHECK(server.reported() == 1);
}

TEST_CASE("http server: a response that cannot be built is a 500")
{
    test::live_server server([](rill::http::request& r) -> rill::awaitable<rill::http::response> {
        rill::http::response answer;
        answer.header("X-Path", "a\r\nSet-Cookie: " + std::string(r.path()));
        co_return answer;
    });
    test::client client(server.port());
    client.send(get);
    const auto answer = client.response();
    CHECK(test::status(answer) == 500);
    CHECK(answer.find("Cookie") == std::string::npos);
}

TEST_CASE("http server: a reset at any offset of a request harms nobody else")
{
    test::live_server server(test::sample_service());
    test::client witness(server.port());
    const std::string bytes = get +
                              "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: "
                              "chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n" +
                              "GET /later HTTP/1.1\r\nHost: a\r\n\r\n";
    for (std::size_t at = 0; at <= bytes.size(); ++at) {
        test::client client(server.port());
        client.send(bytes.substr(0, at));
        client.reset();
    }
    witness.send(get);
    CHECK(test::status(witness.response()) == 200);
    witness.reset();
    server.wait_for_connections(0);
    CHECK(server.reported() == 0);
}

TEST_CASE("http server: a reset in the middle of a response ends the connection")
{
    test::live_server server(test::sample_service());
    for (int i = 0; i < 20; ++i) {
        test::client client(server.port(), 4096);
        client.send("GET /large HTTP/1.1\r\nHost: a\r\n\r\n");
        client.receive_at_least(static_cast<std::size_t>(i) * 16 * 1024);
        client.reset();
    }
    server.wait_for_connections(0);
    CHECK(server.reported() == 0);
}

TEST_CASE("http server: an end at any offset of a request is no error")
{
    test::live_server server(test::sample_service());
    const std::string bytes = "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc";
    for (std::size_t at = 0; at < bytes.size(); ++at) {
        test::client client(server.port());
        client.send(bytes.substr(0, at));
        client.half_close();
        REQUIRE(client.closed());
    }
    server.wait_for_connections(0);
    CHECK(server.reported() == 0);
}

TEST_CASE("http server: a loop that dies takes its connections with it")
{
    int handlers = 0;
    const auto service = test::sample_service();
    rill::http::server http([&](rill::http::request& r) {
        ++handlers;
        return service(r);
    });
    boost::asio::io_context other;
    using local = boost::asio::local::stream_protocol;
    std::vector<local::socket> theirs;
    {
        rill::loop loop;
        for (const char* begun : {"", "GET / HT", "GET /stuck HTTP/1.1\r\nHost: a\r\n\r\n"}) {
            local::socket ours(loop.context());
            theirs.emplace_back(other);
            boost::asio::local::connect_pair(ours, theirs.back());
            boost::asio::write(theirs.back(), boost::asio::buffer(std::string(begun)));
            rill::stream_socket socket(loop.get_executor(), local(), ours.release());
            rill::stream stream(std::move(socket));
            rill::create_task(loop.get_executor(), http.serve(std::move(stream)));
        }
        while (loop.context().poll() > 0)
            continue;
        CHECK(http.connections() == 3);
        CHECK(handlers == 1);
    }
    CHECK(http.connections() == 0);
}
