// SPDX-License-Identifier: BSL-1.0
#include "parse.hpp"

#include <doctest/doctest.h>

#include <array>
#include <string>
#include <vector>

using namespace std::string_literals;

namespace {

struct vector {
    const char* rule;
    std::string bytes;
    std::string expected; // as test::describe() words it, then content and bytes left
};

const std::string chunked_head = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";
const std::string chunked_text = "POST|/|/||1.1|keep||chunked|Host|a|Transfer-Encoding|chunked|";

vector chunks(const char* rule, const std::string& body, const std::string& content)
{
    return {rule, chunked_head + body, chunked_text + content + "|left 0"};
}

std::vector<vector> heads()
{
    return {
        {"plain GET", "GET / HTTP/1.1\r\nHost: a\r\n\r\n", "GET|/|/||1.1|keep||0|Host|a|left 0"},
        {"query",
         "GET /a/b?c=d&e HTTP/1.1\r\nHost: a\r\n\r\n",
         "GET|/a/b?c=d&e|/a/b|c=d&e|1.1|keep||0|Host|a|left 0"},
        {"question marks",
         "GET /a??b? HTTP/1.1\r\nHost: a\r\n\r\n",
         "GET|/a??b?|/a|?b?|1.1|keep||0|Host|a|left 0"},
        {"one empty line before",
         "\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n",
         "GET|/|/||1.1|keep||0|Host|a|left 0"},
        {"eight empty lines before",
         "\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n",
         "GET|/|/||1.1|keep||0|Host|a|left 0"},
        {"HTTP/1.2 is read as 1.1",
         "GET / HTTP/1.2\r\nHost: a\r\n\r\n",
         "GET|/|/||1.1|keep||0|Host|a|left 0"},
        {"HTTP/1.9 is read as 1.1",
         "POST / HTTP/1.9\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
         "POST|/|/||1.1|keep||chunked|Host|a|Transfer-Encoding|chunked||left 0"},
        {"next request behind",
         "GET / HTTP/1.1\r\nHost: a\r\n\r\nGET /",
         "GET|/|/||1.1|keep||0|Host|a|left 5"},
        {"HTTP/1.0 without Host", "GET / HTTP/1.0\r\n\r\n", "GET|/|/||1.0|close||0|left 0"},
        {"HTTP/1.0 keep-alive",
         "GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n",
         "GET|/|/||1.0|keep||0|Connection|Keep-Alive|left 0"},
        {"HTTP/1.0 with both",
         "GET / HTTP/1.0\r\nConnection: keep-alive, close\r\n\r\n",
         "GET|/|/||1.0|close||0|Connection|keep-alive, close|left 0"},
        {"close",
         "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
         "GET|/|/||1.1|close||0|Host|a|Connection|close|left 0"},
        {"close in a list",
         "GET / HTTP/1.1\r\nHost: a\r\nConnection: x , ,Close\r\n\r\n",
         "GET|/|/||1.1|close||0|Host|a|Connection|x , ,Close|left 0"},
        {"close in a second line",
         "GET / HTTP/1.1\r\nHost: a\r\nConnection: keep-alive\r\nConnection: close\r\n\r\n",
         "GET|/|/||1.1|close||0|Host|a|Connection|keep-alive|Connection|close|left 0"},
        {"length",
         "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello",
         "POST|/|/||1.1|keep||5|Host|a|Content-Length|5|left 5"},
        {"length with zeros",
         "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0005\r\n\r\nhello",
         "POST|/|/||1.1|keep||5|Host|a|Content-Length|0005|left 5"},
        {"length with GET",
         "GET / HTTP/1.1\r\nHost: a\r\nContent-Length:0\r\n\r\n",
         "GET|/|/||1.1|keep||0|Host|a|Content-Length|0|left 0"},
        {"greatest length",
         "PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 9223372036854775807\r\n\r\n",
         "PUT|/|/||1.1|keep||9223372036854775807|Host|a|Content-Length|9223372036854775807|left 0"},
        {"length in HTTP/1.0",
         "POST / HTTP/1.0\r\nContent-Length: 2\r\n\r\nab",
         "POST|/|/||1.0|close||2|Content-Length|2|left 2"},
        {"white space around values",
         "GET / HTTP/1.1\r\nHost:\t a \t\r\nA:  b\tc  \r\n\r\n",
         "GET|/|/||1.1|keep||0|Host|a|A|b\tc|left 0"},
        {"empty value",
         "GET / HTTP/1.1\r\nHost: a\r\nA:\r\nB: \t\r\n\r\n",
         "GET|/|/||1.1|keep||0|Host|a|A||B||left 0"},
        {"all token characters",
         "GET / HTTP/1.1\r\nHost: a\r\n!#$%&'*+-.^_`|~09AZaz: b\r\n\r\n",
         "GET|/|/||1.1|keep||0|Host|a|!#$%&'*+-.^_`|~09AZaz|b|left 0"},
        {"obs-text in a value",
         "GET / HTTP/1.1\r\nHost: a\r\nA: \xc3\xa4\x80\xff\r\n\r\n",
         "GET|/|/||1.1|keep||0|Host|a|A|\xc3\xa4\x80\xff|left 0"},
        {"colons in a value",
         "GET / HTTP/1.1\r\nHost: a\r\nA: b:c: d\r\n\r\n",
         "GET|/|/||1.1|keep||0|Host|a|A|b:c: d|left 0"},
        {"repeated ordinary field",
         "GET / HTTP/1.1\r\nHost: a\r\nA: b\r\nA: c\r\n\r\n",
         "GET|/|/||1.1|keep||0|Host|a|A|b|A|c|left 0"},
        {"extension method",
         "PROP-find / HTTP/1.1\r\nHost: a\r\n\r\n",
         "PROP-find|/|/||1.1|keep||0|Host|a|left 0"},
        {"lower-case method is another",
         "get / HTTP/1.1\r\nHost: a\r\n\r\n",
         "get|/|/||1.1|keep||0|Host|a|left 0"},
        {"OPTIONS *",
         "OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n",
         "OPTIONS|*|*||1.1|keep||0|Host|a|left 0"},
        {"absolute target",
         "GET http://a/b?c HTTP/1.1\r\nHost: a\r\n\r\n",
         "GET|http://a/b?c|/b|c|1.1|keep||0|Host|a|left 0"},
        {"absolute target, other case",
         "GET HTTP://A/ HTTP/1.1\r\nHost: a\r\n\r\n",
         "GET|HTTP://A/|/||1.1|keep||0|Host|A|left 0"},
        {"absolute target, default port",
         "GET http://a:80/ HTTP/1.1\r\nHost: a\r\n\r\n",
         "GET|http://a:80/|/||1.1|keep||0|Host|a:80|left 0"},
        {"absolute https target",
         "GET https://a/ HTTP/1.1\r\nHost: a:443\r\n\r\n",
         "GET|https://a/|/||1.1|keep||0|Host|a|left 0"},
        {"absolute target overrules Host",
         "GET http://a:81/b HTTP/1.1\r\nA: b\r\nHost: c.d\r\nE: f\r\n\r\n",
         "GET|http://a:81/b|/b||1.1|keep||0|A|b|Host|a:81|E|f|left 0"},
        {"absolute target overrules Host in HTTP/1.0",
         "GET http://a/ HTTP/1.0\r\nHost: b\r\n\r\n",
         "GET|http://a/|/||1.0|close||0|Host|a|left 0"},
        {"absolute target without path",
         "GET http://a?b HTTP/1.1\r\nHost: a\r\n\r\n",
         "GET|http://a?b||b|1.1|keep||0|Host|a|left 0"},
        {"absolute target in HTTP/1.0",
         "GET http://a/ HTTP/1.0\r\n\r\n",
         "GET|http://a/|/||1.0|close||0|left 0"},
        {"characters that browsers send",
         "GET /{|}\\^`[]?{|}\\^`[] HTTP/1.1\r\nHost: a\r\n\r\n",
         "GET|/{|}\\^`[]?{|}\\^`[]|/{|}\\^`[]|{|}\\^`[]|1.1|keep||0|Host|a|left 0"},
        {"IPv6 Host",
         "GET / HTTP/1.1\r\nHost: [::1]:8080\r\n\r\n",
         "GET|/|/||1.1|keep||0|Host|[::1]:8080|left 0"},
        {"Host of a later IP version",
         "GET / HTTP/1.1\r\nHost: [v1F.a:b-c!]:80\r\n\r\n",
         "GET|/|/||1.1|keep||0|Host|[v1F.a:b-c!]:80|left 0"},
        {"target of a later IP version",
         "GET http://[V7.a]/ HTTP/1.1\r\nHost: [v7.A]\r\n\r\n",
         "GET|http://[V7.a]/|/||1.1|keep||0|Host|[V7.a]|left 0"},
        {"IPv4 Host",
         "GET / HTTP/1.1\r\nHost: 127.0.0.1:8080\r\n\r\n",
         "GET|/|/||1.1|keep||0|Host|127.0.0.1:8080|left 0"},
        {"Host with an empty port",
         "GET / HTTP/1.1\r\nHost: a:\r\n\r\n",
         "GET|/|/||1.1|keep||0|Host|a:|left 0"},
        {"Host with underscore and escape",
         "GET / HTTP/1.1\r\nHost: a_b%2Dc.d\r\n\r\n",
         "GET|/|/||1.1|keep||0|Host|a_b%2Dc.d|left 0"},
        {"100-continue",
         "PUT / HTTP/1.1\r\nHost: a\r\nExpect: 100-Continue\r\nContent-Length: 1\r\n\r\n",
         "PUT|/|/||1.1|keep|expect|1|Host|a|Expect|100-Continue|Content-Length|1|left 0"},
        {"100-continue in HTTP/1.0",
         "PUT / HTTP/1.0\r\nExpect: 100-continue\r\n\r\n",
         "PUT|/|/||1.0|close||0|Expect|100-continue|left 0"},
        {"other upgrades",
         "GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket, h2cx\r\n\r\n",
         "GET|/|/||1.1|keep||0|Host|a|Upgrade|websocket, h2cx|left 0"},
        {"offer of h2c, as curl --http2 makes it",
         "GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade, HTTP2-Settings\r\n"
         "Upgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n\r\n",
         "GET|/|/||1.1|keep||0|Host|a|Connection|Upgrade, HTTP2-Settings|"
         "Upgrade|h2c|HTTP2-Settings|AAMAAABk|left 0"},
        {"offer of h2c with content",
         "POST / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket, H2C\r\nContent-Length: 1\r\n\r\nx",
         "POST|/|/||1.1|keep||1|Host|a|Upgrade|websocket, H2C|Content-Length|1|left 1"},
        {"upper-case chunked",
         "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding:\tCHUNKED \r\n\r\n0\r\n\r\n",
         "POST|/|/||1.1|keep||chunked|Host|a|Transfer-Encoding|CHUNKED||left 0"},
        {"names that resemble",
         "GET / HTTP/1.1\r\nHost: a\r\nContent-Lengt: x\r\nContent_Length: y\r\n\r\n",
         "GET|/|/||1.1|keep||0|Host|a|Content-Lengt|x|Content_Length|y|left 0"},
    };
}

std::vector<vector> bodies()
{
    return {
        chunks("one chunk", "5\r\nhello\r\n0\r\n\r\n", "hello"),
        chunks("two chunks", "5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n", "hello world"),
        chunks("no content", "0\r\n\r\n", ""),
        chunks(
            "hexadecimal sizes",
            "A\r\n0123456789\r\nb\r\n0123456789a\r\n0\r\n\r\n",
            "01234567890123456789a"
        ),
        chunks("leading zeros", "0000000000000005\r\nhello\r\n0000\r\n\r\n", "hello"),
        chunks("line ends in the content", "4\r\n\r\n\r\n\r\n0\r\n\r\n", "\r\n\r\n"),
        chunks("any byte in the content", "3\r\n\0\xff\n\r\n0\r\n\r\n"s, "\0\xff\n"s),
        chunks("extension", "5;a\r\nhello\r\n0\r\n\r\n", "hello"),
        chunks("extensions with values", "5;a=b;c=\"d\"\r\nhello\r\n0;e\r\n\r\n", "hello"),
        chunks("bad white space in extensions", "5 ;\ta = b ; c\r\nhello\r\n0\r\n\r\n", "hello"),
        chunks("quoted value", "5;a=\"b;c=\\\"\\\\ \t\xc3\xa4\"\r\nhello\r\n0\r\n\r\n", "hello"),
        chunks("trailers", "5\r\nhello\r\n0\r\nA: b\r\nDigest:\t\xc3\xa4 \r\nC:\r\n\r\n", "hello"),
        chunks("trailer of a long name", "0\r\nTransfer-Encoding-And-More: x\r\n\r\n", ""),
        {"next request behind", chunked_head + "1\r\na\r\n0\r\n\r\nGET /", chunked_text + "a|left 5"
        },
    };
}

void accept_all(const std::vector<vector>& vectors)
{
    for (const auto& v : vectors) {
        CAPTURE(v.rule);
        const test::verdict expected{0, v.expected};
        CHECK(test::guard(v.bytes).text == expected.text);
        CHECK(test::guard(v.bytes, 1, 1) == expected);
        for (std::size_t at = 0; at <= v.bytes.size(); ++at)
            REQUIRE(test::guard(v.bytes, at, v.bytes.size()) == expected);
    }
}

} // namespace

TEST_CASE("framing guard: splits valid heads, however they are cut into reads")
{
    accept_all(heads());
}

TEST_CASE("framing guard: decodes valid chunked bodies, however they are cut into reads")
{
    accept_all(bodies());
}

TEST_CASE("framing guard: a part of a valid request wants more")
{
    const auto whole = chunked_head + "5;a=\"b\"\r\nhello\r\n0\r\nA: b\r\n\r\n";
    for (std::size_t size = 0; size < whole.size(); ++size) {
        const auto v = test::guard(whole.substr(0, size));
        CHECK(v.status == 0);
        CHECK(v.text.ends_with("more"));
    }
}

TEST_CASE("framing guard: three cuts give what one read gives")
{
    const std::string bytes =
        "POST /a?b HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\n";
    const auto whole = test::guard(bytes);
    for (std::size_t first = 0; first < bytes.size(); ++first)
        for (std::size_t piece = 1; piece < bytes.size() - first; ++piece)
            REQUIRE(test::guard(bytes, first, piece) == whole);
}

TEST_CASE("framing guard: a parser that is reset takes the next request")
{
    const test::settings l;
    test::head_parser parser(l);
    CHECK(parser.parse("BROKEN\r\n") == test::progress::refused);
    parser.reset();
    CHECK(parser.parse("GET /first HTTP/1.1\r\nHost: a\r\n\r\n") == test::progress::complete);
    parser.reset();
    const std::string bytes = "GET /second HTTP/1.0\r\n\r\n";
    CHECK(parser.parse(bytes) == test::progress::complete);
    CHECK(parser.result().fields.empty());
    CHECK(parser.result().path.in(bytes.data()) == "/second");
    CHECK_FALSE(parser.result().keep_alive);
}
