// SPDX-License-Identifier: BSL-1.0
#include "hello.hpp"

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

rill::awaitable<void> serve(const config& cfg, rill::app::context& app)
{
    const http::router all = routes();
    co_await app.serve_http(all, cfg.server);
}

} // namespace hello
