// SPDX-License-Identifier: BSL-1.0
#include "hello.hpp"

#include <rill/app/log.hpp>
#include <rill/http/server.hpp>
#include <rill/server.hpp>

#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include <utility>

namespace hello {

namespace http = rill::http;

namespace {

using answer = rill::awaitable<http::response>;

answer index(http::request&)
{
    co_return http::text("Hello. Try /hello/you, or POST something to /echo.\n");
}

answer greet(http::request& r)
{
    boost::json::object greeting;
    greeting["message"] = "Hello, " + std::string(r.param("name")) + "!";
    auto text = boost::json::serialize(greeting);
    boost::system::error_code ec;
    boost::json::parse(text, ec); // JSON is UTF-8, which the escapes of a path need not be
    co_return ec ? http::problem(400, "The name is not UTF-8.") : http::json(std::move(text));
}

answer echo(http::request& r)
{
    http::response same;
    same.header("Content-Type", r.header("Content-Type").value_or("application/octet-stream"));
    same.body(std::string(r.body()));
    co_return same;
}

// The two that the usual benchmarks ask for.

answer plaintext(http::request&)
{
    co_return http::text("Hello, World!");
}

answer json(http::request&)
{
    co_return http::json(R"({"message":"Hello, World!"})");
}

} // namespace

http::router routes()
{
    http::router r;
    r.get("/", index);
    r.get("/hello/{name}", greet);
    r.post("/echo", echo);
    r.get("/plaintext", plaintext);
    r.get("/json", json);
    return r;
}

std::string curl_line(const std::string& address)
{
    if (address.starts_with("unix:"))
        return "curl --unix-socket " + address.substr(5) + " http://localhost/hello/you";
    const auto port = address.substr(address.rfind(':'));
    const bool everywhere = address.starts_with("0.0.0.0:") || address.starts_with("[::]:");
    return "curl http://" + (everywhere ? "127.0.0.1" + port : address) + "/hello/you";
}

rill::awaitable<void> serve(const config& cfg, rill::app::context& here)
{
    const auto address = rill::listen_address::parse(cfg.server.listen);
    const bool shared = here.workers() > 1 && address.shareable();
    if (here.worker() > 0 && !shared) {
        co_await here.wait_stop();
        co_return;
    }
    const auto router = routes();
    http::server http([&router](http::request& r) { return router(r); }, limits_of(cfg.http));

    rill::server_options options;
    options.max_connections(cfg.server.max_connections).reuse_port(shared);
    rill::server server(
        [&http](rill::stream client) { return http.serve(std::move(client)); }, address, options
    );
    if (here.worker() == 0) {
        const auto actual = rill::to_string(server.local_endpoint());
        const auto command = curl_line(actual);
        rill::app::log::info("listening", {{"address", actual}, {"try", command}});
    }

    co_await here.wait_stop();
    http.stop(cfg.http.keep_alive_grace);
    server.close();
    co_await server.wait_closed();
}

} // namespace hello
