// SPDX-License-Identifier: BSL-1.0
#include <support/loop.hpp>

#include <rill/http/server.hpp>
#include <rill/sleep.hpp>
#include <rill/testing/stream_pair.hpp>

#include <chrono>

namespace {

using namespace std::chrono_literals;
namespace http = rill::http;
using rill::awaitable;

TEST_CASE("an HTTP server may outlive its loop, and serve on another one")
{
    http::server server([](const http::request&) -> awaitable<http::response> {
        co_return http::text("hello");
    });
    for (int i = 0; i < 2; ++i) {
        test::abandoned_loop loop;
        auto pair = rill::testing::stream_pair(loop.executor());
        loop.spawn(server.serve(std::move(pair.second)));
        pair.first.writer().write("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
        CHECK(loop.run(pair.first.reader().read_line()) == "HTTP/1.1 200 OK\r\n");
        CHECK(server.connections() == 1);
    }
    CHECK(server.connections() == 0);
    CHECK(server.requests() == 2);
    server.stop(1s);
}

TEST_CASE("an HTTP server may go before the connections that it serves, and they before the loop")
{
    test::abandoned_loop loop;
    auto pair = rill::testing::stream_pair(loop.executor());
    {
        http::server server([](const http::request&) -> awaitable<http::response> {
            co_await rill::sleep(1h);
            co_return http::text("late");
        });
        loop.spawn(server.serve(std::move(pair.second)));
        loop.settle();
    }
    pair.first.writer().write("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    loop.settle();
}

} // namespace
