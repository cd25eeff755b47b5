// SPDX-License-Identifier: BSL-1.0
//
// A service that serves HTTP or lines, for serving.cpp to look at.
#include <rill/app/run.hpp>
#include <rill/http/router.hpp>
#include <rill/log.hpp>
#include <rill/sleep.hpp>
#include <rill/stream.hpp>
#include <rill/task.hpp>

#include <fcntl.h>

#include <chrono>
#include <cstdlib>
#include <string>

namespace serving {

namespace http = rill::http;
using namespace std::chrono_literals;

enum class protocol { web, lines };
BOOST_DESCRIBE_ENUM(protocol, web, lines)

struct config {
    serving::protocol protocol = protocol::web;
    rill::app::http_settings web{"127.0.0.1:0"};
    rill::app::tcp_settings lines;
    rill::app::settings service;
};
BOOST_DESCRIBE_STRUCT(config, (), (protocol, web, lines, service))

http::router routes(rill::app::context& app)
{
    http::router r;
    r.get("/worker", [&app](http::request&) -> rill::awaitable<http::response> {
        co_return http::text(std::to_string(app.worker()));
    });
    r.get("/after-stop", [&app](http::request&) -> rill::awaitable<http::response> {
        rill::log::info("asked");
        co_await app.wait_stop();
        co_return http::text("done");
    });
    r.get("/never", [](http::request&) -> rill::awaitable<http::response> {
        const std::string kept(1000, 'x');
        rill::log::info("asked");
        co_await rill::sleep(1h);
        co_return http::text(kept);
    });
    r.get("/handed-over-alone", [](http::request&) -> rill::awaitable<http::response> {
        const bool told =
            std::getenv("LISTEN_PID") || std::getenv("LISTEN_FDS") || std::getenv("LISTEN_FDNAMES");
        const bool closed_on_exec = (::fcntl(3, F_GETFD) & FD_CLOEXEC) != 0;
        co_return http::text(closed_on_exec && !told ? "1" : "0");
    });
    return r;
}

/// Says back each line.
rill::awaitable<void> talk(rill::stream client)
{
    for (;;) {
        const std::string line = co_await client.reader().read_line();
        if (line.empty())
            co_return;
        client.writer().write(line);
        co_await client.writer().drain();
    }
}

rill::awaitable<void> say_when_stopped(rill::app::context& app)
{
    co_await app.wait_stop();
    co_await rill::yield(); // all who wait for it know it by then
    rill::log::info("draining");
}

rill::awaitable<void> serve(const config& cfg, rill::app::context& app)
{
    const auto saying = rill::create_task(say_when_stopped(app));
    if (cfg.protocol == protocol::lines)
        co_return co_await app.serve_tcp(talk, cfg.lines);
    const http::router all = routes(app);
    co_await app.serve_http(all, cfg.web);
    rill::log::info("served");
}

} // namespace serving

int main(int argc, char** argv)
{
    return rill::app::run<serving::config>(argc, argv, serving::serve);
}
