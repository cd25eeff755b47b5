// SPDX-License-Identifier: BSL-1.0
#include "make_request.hpp"

#include <rill/http/request.hpp>

#include <doctest/doctest.h>

namespace http = rill::http;

TEST_CASE("request: shows the parts of its first line")
{
    test::parsed_request r("PUT /a%20b?c=d HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
    CHECK(r->method() == http::method::put);
    CHECK(r->method_name() == "PUT");
    CHECK(r->target() == "/a%20b?c=d");
    CHECK(r->path() == "/a%20b");
    CHECK(r->query() == "c=d");
    CHECK(r->version() == http::version::http_1_0);
    CHECK(r->keep_alive());
}

TEST_CASE("request: an absolute-form target without path means the root")
{
    test::parsed_request r("GET http://a HTTP/1.1\r\nHost: a\r\n\r\n");
    CHECK(r->path() == "/");
}

TEST_CASE("request: whom it is for, which an absolute-form target says before Host")
{
    CHECK(test::parsed_request("GET / HTTP/1.1\r\nHost: a:80\r\n\r\n")->host() == "a:80");
    CHECK(test::parsed_request("GET http://b/ HTTP/1.0\r\n\r\n")->host() == "b");
    CHECK(test::parsed_request("GET / HTTP/1.0\r\n\r\n")->host().empty());
    test::parsed_request r("GET http://b:81/ HTTP/1.1\r\nHost: a\r\n\r\n");
    CHECK(r->host() == "b:81");
    CHECK(r->header("host") == "b:81");
}

TEST_CASE("request: the path of OPTIONS * is the asterisk")
{
    test::parsed_request r("OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n");
    CHECK(r->path() == "*");
}

TEST_CASE("request: finds fields whatever the case of their names")
{
    test::parsed_request r("GET / HTTP/1.1\r\nHost: a\r\nX-One: 1\r\nx-one: 2\r\nEmpty:\r\n\r\n");
    CHECK(r->header("x-ONE") == "1");
    CHECK(r->header("empty") == "");
    CHECK_FALSE(r->header("x-on"));
    CHECK(r->header_count() == 4);
    CHECK(r->header_at(2).name == "x-one");
    CHECK(r->header_at(2).value == "2");
}

TEST_CASE("request: the body is text and bytes")
{
    test::parsed_request r(test::head_of("POST", "/"), std::string("a\0b", 3));
    CHECK(r->body() == std::string_view("a\0b", 3));
    REQUIRE(r->bytes().size() == 3);
    CHECK(r->bytes()[2] == std::byte('b'));
}

TEST_CASE("method: names and values are the same nine")
{
    CHECK(http::to_method("DELETE") == http::method::delete_);
    CHECK(http::to_method("get") == http::method::other);
    CHECK(http::to_method("") == http::method::other);
    CHECK(http::to_string(http::method::patch) == "PATCH");
    CHECK(http::to_string(http::method::other).empty());
}
