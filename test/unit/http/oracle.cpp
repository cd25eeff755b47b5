// SPDX-License-Identifier: BSL-1.0

// Beast reads the same heads as a second opinion: what the guard lets through, Beast understands
// in the same way.

#include "parse.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/parser.hpp>

#include <doctest/doctest.h>

#include <string>
#include <vector>

namespace {

namespace beast = boost::beast::http;

void check_same(const std::string& bytes)
{
    CAPTURE(bytes);
    const test::settings l;
    test::head_parser ours(l);
    REQUIRE(ours.parse(bytes) == test::progress::complete);
    const auto& head = ours.result();
    const char* base = bytes.data();

    beast::request_parser<beast::empty_body> theirs;
    theirs.eager(false);
    boost::system::error_code ec;
    const auto used = theirs.put(boost::asio::buffer(bytes), ec);
    REQUIRE(!ec);
    REQUIRE(theirs.is_header_done());
    CHECK(used == head.size);
    const auto& message = theirs.get();
    CHECK(std::string_view(message.method_string()) == head.method_name.in(base));
    CHECK(std::string_view(message.target()) == head.target.in(base));
    CHECK(message.version() == (head.http_1_1 ? 11u : 10u));
    CHECK(theirs.keep_alive() == head.keep_alive);
    CHECK(theirs.chunked() == head.chunked);
    CHECK(theirs.content_length_remaining().value_or(0) == head.content_length);
    for (const auto& f : head.fields) {
        const auto range = message.equal_range(f.name.in(base));
        bool found = false;
        for (auto at = range.first; at != range.second; ++at)
            found = found || std::string_view(at->value()) == f.value.in(base);
        CHECK(found);
    }
}

} // namespace

TEST_CASE("framing guard: Beast reads what it lets through in the same way")
{
    const std::vector<std::string> starts{
        "GET / HTTP/1.1\r\n",
        "POST /a?b=c HTTP/1.1\r\n",
        "PROPFIND /x HTTP/1.1\r\n",
        "OPTIONS * HTTP/1.1\r\n",
        "HEAD http://a/ HTTP/1.1\r\n"
    };
    const std::vector<std::string> fields{
        "",
        "Connection: close\r\n",
        "Connection: keep-alive\r\n",
        "Content-Length: 5\r\n",
        "Transfer-Encoding: chunked\r\n",
        "A:\r\nB: \t b\tc \r\n",
        "Accept: */*\r\nAccept: x\r\n",
        "Expect: 100-continue\r\nContent-Length: 0\r\n"
    };
    for (const auto& start : starts)
        for (const auto& field : fields)
            check_same(start + "Host: a\r\n" + field + "\r\n");
    check_same("GET / HTTP/1.0\r\n\r\n");
    check_same("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
}
