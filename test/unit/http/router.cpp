// SPDX-License-Identifier: BSL-1.0
#include "make_request.hpp"

#include <rill/http/router.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_future.hpp>

#include <doctest/doctest.h>

#include <functional>
#include <stdexcept>
#include <string>
#include <utility>

namespace http = rill::http;

namespace {

/// Runs a handler on an io_context of its own, as somebody without Rill's loop would.
http::response answer(const http::handler& h, const std::string& method, const std::string& target)
{
    test::parsed_request r(test::head_of(method, target));
    boost::asio::io_context io;
    auto answer = boost::asio::co_spawn(io, h(*r), boost::asio::use_future);
    io.run();
    return answer.get();
}

http::response ask(const http::router& router, const std::string& method, const std::string& target)
{
    return answer(std::cref(router), method, target);
}

/// A handler that answers with its name and the values of its parameters.
template <class... Names>
http::handler say(std::string text, Names... names)
{
    return [=](http::request& r) -> rill::awaitable<http::response> {
        std::string all = text;
        ((all += " " + std::string(r.param(names))), ...);
        co_return http::text(all);
    };
}

std::string body(const http::router& router, const std::string& method, const std::string& target)
{
    return std::string(ask(router, method, target).body());
}

} // namespace

TEST_CASE("router: finds literal paths by method")
{
    http::router router;
    router.get("/", say("root")).get("/a/b", say("get")).post("/a/b", say("post"));
    CHECK(body(router, "GET", "/") == "root");
    CHECK(body(router, "GET", "/a/b") == "get");
    CHECK(body(router, "POST", "/a/b?c=d") == "post");
    CHECK(body(router, "GET", "http://a/a/b") == "get");
}

TEST_CASE("router: every method has its member, others go by name")
{
    http::router router;
    router.put("/", say("put")).patch("/", say("patch")).delete_("/", say("delete"));
    router.add("PROPFIND", "/", say("find"));
    CHECK(body(router, "PUT", "/") == "put");
    CHECK(body(router, "PATCH", "/") == "patch");
    CHECK(body(router, "DELETE", "/") == "delete");
    CHECK(body(router, "PROPFIND", "/") == "find");
}

TEST_CASE("router: parameters stand for one segment each")
{
    http::router router;
    router.get("/hello/{name}", say("hello", "name"));
    router.get("/{a}/x/{b}", say("two", "a", "b"));
    CHECK(body(router, "GET", "/hello/you") == "hello you");
    CHECK(body(router, "GET", "/1/x/2") == "two 1 2");
    CHECK(ask(router, "GET", "/hello").status() == 404);
    CHECK(ask(router, "GET", "/hello/").status() == 404);
    CHECK(ask(router, "GET", "/hello/a/b").status() == 404);
}

TEST_CASE("router: a literal goes before a parameter, and comes back where it leads nowhere")
{
    http::router router;
    router.get("/{a}/end", say("param", "a")).get("/x/y", say("literal"));
    CHECK(body(router, "GET", "/x/y") == "literal");
    CHECK(body(router, "GET", "/x/end") == "param x");
}

TEST_CASE("router: escapes are decoded within their segment")
{
    http::router router;
    router.get("/hello/{name}", say("hello", "name")).get("/a b", say("space"));
    CHECK(body(router, "GET", "/hello/a%2Fb%20%c3%a4") == "hello a/b \xc3\xa4");
    CHECK(body(router, "GET", "/%68ello/%25") == "hello %");
    CHECK(body(router, "GET", "/a%20b") == "space");
    CHECK(body(router, "GET", "/hello/a+b") == "hello a+b");
    CHECK(ask(router, "GET", "/hello%2Fyou").status() == 404);
}

TEST_CASE("router: a broken escape is a 400, wherever it stands")
{
    http::router router;
    router.get("/hello/{name}", say("hello", "name"));
    for (const char* target : {"/hello/%", "/hello/%4", "/hello/%zz", "/hello/%4g", "/%/x", "/%00"})
        CHECK(ask(router, "GET", target).status() == 400);
}

TEST_CASE("router: HEAD is answered by GET's handler")
{
    http::router router;
    router.get("/a", say("get")).get("/b", say("get")).add("HEAD", "/b", say("head"));
    CHECK(body(router, "HEAD", "/a") == "get");
    CHECK(body(router, "HEAD", "/b") == "head");
}

TEST_CASE("router: a path without routes is a 404")
{
    http::router router;
    router.get("/a/b", say("get"));
    for (const char* target : {"/", "/a", "/a/", "/a/b/", "/a//b", "//a/b", "/A/b"})
        CHECK(ask(router, "GET", target).status() == 404);
    CHECK(ask(router, "GET", "/a/b" + std::string(100, '/')).status() == 404);
}

TEST_CASE("router: a method without handler is a 405 that lists the others")
{
    http::router router;
    router.get("/", say("get")).post("/", say("post")).post("/p", say("post"));
    const auto r = ask(router, "DELETE", "/");
    CHECK(r.status() == 405);
    CHECK(r.header("Allow") == "GET, POST, HEAD");
    CHECK(ask(router, "HEAD", "/p").header("Allow") == "POST");
    CHECK(r.header("Content-Type") == "application/problem+json");
}

TEST_CASE("router: a method that HTTP does not know is a 501")
{
    http::router router;
    router.get("/", say("get"));
    CHECK(ask(router, "BREW", "/").status() == 501);
    CHECK(ask(router, "get", "/").status() == 501);
}

TEST_CASE("router: OPTIONS is answered with the methods that there are")
{
    http::router router;
    router.get("/", say("get"));
    const auto r = ask(router, "OPTIONS", "/");
    CHECK(r.status() == 204);
    CHECK(r.header("Allow") == "GET, HEAD");
    CHECK(ask(router, "OPTIONS", "*").status() == 204);
}

TEST_CASE("router: is a handler, by value and by reference")
{
    http::router router;
    router.get("/{a}", say("get", "a")).get("/b/c", say("deep"));
    const http::handler copied = router;
    const http::handler referred = std::cref(router);
    router.get("/late", say("late"));
    const http::handler moved = std::move(router);
    for (const auto& [handler, expected] :
         {std::pair(&copied, "get late"), std::pair(&moved, "late")}) {
        CHECK(answer(*handler, "GET", "/late").body() == expected);
        CHECK(answer(*handler, "GET", "/b/c").body() == "deep");
        CHECK(answer(*handler, "GET", "/no/such").status() == 404);
    }
    router = http::router();
    CHECK(answer(referred, "GET", "/late").status() == 404);
    router = *moved.target<http::router>();
    CHECK(answer(referred, "GET", "/late").body() == "late");
}

TEST_CASE("router: says what it answers without a handler, before the content is there")
{
    http::router router;
    router.post("/a/{x}", say("post", "x"));
    const auto refusal = [&](const std::string& method, const std::string& target) {
        test::parsed_request r(test::head_of(method, target));
        const auto refused = router.refusal(*r);
        return refused ? refused->status() : 0;
    };
    CHECK(refusal("POST", "/a/b") == 0);
    CHECK(refusal("POST", "/a") == 404);
    CHECK(refusal("PUT", "/a/b") == 405);
    CHECK(refusal("BREW", "/a/b") == 501);
    CHECK(refusal("POST", "/a/%zz") == 400);
}

TEST_CASE("router: tells the server what a route asks of it")
{
    http::router router;
    router.get("/watched", say("get"), http::route_options().cancel_on_disconnect());
    router.post("/watched", say("post"));
    const auto cancels = [&](const std::string& method) {
        test::parsed_request r(test::head_of(method, "/watched"));
        const auto answered = router(*r);
        return http::detail::request_access::cancel_on_disconnect(*r);
    };
    CHECK(cancels("GET"));
    CHECK(cancels("HEAD"));
    CHECK_FALSE(cancels("POST"));
}

TEST_CASE("router: refuses patterns that are malformed or in each other's way")
{
    http::router router;
    router.get("/a/{x}", say("get"));
    for (const char* bad :
         {"",
          "a",
          "/{}",
          "/{a",
          "/a}",
          "/a{b}",
          "/{a}b",
          "/{a{b}}",
          "/%41",
          "/a?b",
          "/a#b",
          "/{a b}",
          "/{a%}"})
        CHECK_THROWS_AS(router.get(bad, say("bad")), std::invalid_argument);
    CHECK_THROWS_AS(router.get("/a/{y}", say("other name")), std::invalid_argument);
    CHECK_THROWS_AS(router.get("/a/{x}", say("again")), std::invalid_argument);
    CHECK_THROWS_AS(router.add("G T", "/", say("method")), std::invalid_argument);
    CHECK_THROWS_AS(
        router.get("/1/2/3/4/5/6/7/8/9/10/11/12/13/14/15/16/17", say("long")), std::invalid_argument
    );
    CHECK_NOTHROW(router.post("/a/{x}", say("post")));
}
