// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/http/router.hpp>
#include <rill/sleep.hpp>

#include <memory>
#include <stdexcept>
#include <string>

namespace test {

/// The routes that the tests ask: what comes in goes out, and some that misbehave.
inline rill::http::handler sample_service()
{
    namespace http = rill::http;
    using answer = rill::awaitable<http::response>;
    http::router routes;
    routes.get("/", [](http::request&) -> answer { co_return http::text("root"); });
    routes.get("/hello/{name}", [](http::request& r) -> answer {
        co_return http::text("hello " + std::string(r.param("name")));
    });
    routes.post("/echo", [](http::request& r) -> answer {
        co_return http::text(std::string(r.body()));
    });
    routes.get("/nothing", [](http::request&) -> answer { co_return http::response(204); });
    routes.get("/close", [](http::request&) -> answer {
        auto r = http::text("bye");
        r.close();
        co_return r;
    });
    routes.get("/throw", [](http::request&) -> answer {
        throw std::runtime_error("secret");
        co_return http::response();
    });
    routes.get("/later", [](http::request&) -> answer {
        for (int turns = 0; turns < 20; ++turns)
            co_await rill::yield();
        co_return http::text("later");
    });
    routes.get("/slow", [](http::request&) -> answer {
        co_await rill::sleep(std::chrono::milliseconds(100));
        co_return http::text("slow");
    });
    routes.get("/stuck", [](http::request&) -> answer {
        co_await rill::sleep(std::chrono::hours(1));
        co_return http::text("never");
    });
    const auto watched = http::route_options().cancel_on_disconnect();
    routes.get(
        "/watched",
        [](http::request&) -> answer {
            co_await rill::sleep(std::chrono::hours(1));
            co_return http::text("never");
        },
        watched
    );
    const auto large = std::make_shared<const std::string>(8 * 1024 * 1024, 'x');
    routes.get("/large", [large](http::request&) -> answer {
        http::response r;
        r.body(large);
        co_return r;
    });
    return routes;
}

} // namespace test
