// SPDX-License-Identifier: BSL-1.0
#include "serialize.hpp"

#include <rill/http/response.hpp>

#include <boost/asio/io_context.hpp>

#include <doctest/doctest.h>

#include <stdexcept>
#include <string>

namespace http = rill::http;

namespace {

/// The response as it is sent, with a Date that stands still.
std::string sent(const http::response& r, const http::detail::reply& to = {})
{
    boost::asio::io_context io;
    rill::extend::byte_buffer out(rill::net_detail::buffer_pool::of(io.get_executor()));
    http::detail::write_head(r, to, "Date: now\r\n", out);
    out.append(http::detail::content(r, to));
    return std::string(out.view());
}

http::detail::reply reply(bool head_only, bool keep_alive, bool http_1_1)
{
    return {head_only, keep_alive, http_1_1};
}

} // namespace

TEST_CASE("response: is sent with status, date, fields, length and content")
{
    auto r = http::text("hello");
    r.header("X-A", "b").add_header("X-A", "c");
    CHECK(
        sent(r) == "HTTP/1.1 200 OK\r\nDate: now\r\nContent-Type: text/plain; charset=utf-8\r\n"
                   "X-A: b\r\nX-A: c\r\nContent-Length: 5\r\n\r\nhello"
    );
}

TEST_CASE("response: without content it has length 0")
{
    CHECK(
        sent(http::response(404)) ==
        "HTTP/1.1 404 Not Found\r\nDate: now\r\nContent-Length: 0\r\n\r\n"
    );
}

TEST_CASE("response: a status without a phrase keeps the space")
{
    CHECK(sent(http::response(299)).starts_with("HTTP/1.1 299 \r\n"));
}

TEST_CASE("response: HEAD gets the length and no content")
{
    const auto bytes = sent(http::text("hello"), reply(true, true, true));
    CHECK(bytes.ends_with("Content-Length: 5\r\n\r\n"));
}

TEST_CASE("response: 204, 205 and 304 have no content")
{
    http::response r(204);
    r.body(std::string("ignored"));
    CHECK(sent(r) == "HTTP/1.1 204 No Content\r\nDate: now\r\n\r\n");
    r.status(304);
    CHECK(sent(r) == "HTTP/1.1 304 Not Modified\r\nDate: now\r\n\r\n");
    r.status(205);
    CHECK(sent(r) == "HTTP/1.1 205 Reset Content\r\nDate: now\r\nContent-Length: 0\r\n\r\n");
}

TEST_CASE("response: says what becomes of the connection where it is not the default")
{
    const http::response r;
    const auto has = [&](const http::detail::reply& to, const char* line) {
        return sent(r, to).find(line) != std::string::npos;
    };
    CHECK_FALSE(has(reply(false, true, true), "Connection"));
    CHECK(has(reply(false, false, true), "\r\nConnection: close\r\n"));
    CHECK(has(reply(false, true, false), "\r\nConnection: keep-alive\r\n"));
    CHECK(has(reply(false, false, false), "\r\nConnection: close\r\n"));
}

TEST_CASE("response: header replaces what is there, in any case")
{
    http::response r;
    r.header("A", "1").header("B", "2").header("C", "3").add_header("b", "4").header("B", "5");
    CHECK(r.header("a") == "1");
    CHECK(r.header("b") == "5");
    CHECK_FALSE(r.header("d"));
    CHECK(sent(r).find("A: 1\r\nC: 3\r\nB: 5\r\n") != std::string::npos);
}

TEST_CASE("response: a content type replaces the helper's")
{
    auto r = http::text("<p>");
    CHECK(r.header("content-type") == "text/plain; charset=utf-8");
    r.header("Content-Type", "text/html");
    CHECK(r.header("content-type") == "text/html");
    CHECK(sent(r).find("text/plain") == std::string::npos);
}

TEST_CASE("response: nothing that could end a field line gets into one")
{
    http::response r;
    for (const char bad : {'\r', '\n', '\0', '\x1b', '\x7f', '\v'}) {
        CHECK_THROWS_AS(r.header("A", std::string("b") + bad + "c"), std::invalid_argument);
        CHECK_THROWS_AS(r.add_header("A", std::string(1, bad)), std::invalid_argument);
        CHECK_THROWS_AS(r.header(std::string("A") + bad, "b"), std::invalid_argument);
    }
    for (const char* bad : {"", "A B", "A:", "(A)", "\xc3\xa4"})
        CHECK_THROWS_AS(r.header(bad, "b"), std::invalid_argument);
    CHECK(sent(r) == sent(http::response()));
    CHECK_NOTHROW(r.header("A", "b\tc \xc3\xa4"));
}

TEST_CASE("response: the fields that frame it cannot be set by hand")
{
    http::response r;
    for (const char* own :
         {"Content-Length",
          "content-length",
          "Transfer-Encoding",
          "TRANSFER-ENCODING",
          "Connection",
          "Date"}) {
        CHECK_THROWS_AS(r.header(own, "1"), std::invalid_argument);
        CHECK_THROWS_AS(r.add_header(own, "1"), std::invalid_argument);
    }
}

TEST_CASE("response: the status is one of a final response")
{
    for (const int bad : {0, 99, 100, 199, 600, 1000, -1})
        CHECK_THROWS_AS(http::text("", bad), std::invalid_argument);
}

TEST_CASE("response: shared content is sent without being copied")
{
    const auto content = std::make_shared<const std::string>(1000, 'x');
    http::response r;
    r.body(content);
    CHECK(r.body().data() == content->data());
    CHECK(sent(r).ends_with(*content));
    r.body(std::string("own"));
    CHECK(r.body() == "own");
}

TEST_CASE("problem: is a problem document that names its status")
{
    const auto r = http::problem(404);
    CHECK(r.status() == 404);
    CHECK(r.header("Content-Type") == "application/problem+json");
    CHECK(r.body() == R"({"type":"about:blank","title":"Not Found","status":404})");
}

TEST_CASE("problem: its detail is a JSON string whatever it holds")
{
    const auto r = http::problem(400, "a \"b\"\r\n\\");
    CHECK(r.body().ends_with(R"("status":400,"detail":"a \"b\"\r\n\\"})"));
}

TEST_CASE("json: is sent as it is given")
{
    const auto r = http::json(R"({"a":1})", 201);
    CHECK(r.status() == 201);
    CHECK(r.header("content-type") == "application/json");
    CHECK(r.body() == R"({"a":1})");
}

TEST_CASE("date: is written in the preferred form and anew when the second changes")
{
    http::detail::date_cache date;
    // The example of RFC 9110 section 5.6.7.
    CHECK(date.line(784111777) == "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n");
    CHECK(date.line(784111777) == "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n");
    CHECK(date.line(784111778) == "Date: Sun, 06 Nov 1994 08:49:38 GMT\r\n");
    CHECK(date.line(951782400) == "Date: Tue, 29 Feb 2000 00:00:00 GMT\r\n");
}
