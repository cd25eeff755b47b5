// SPDX-License-Identifier: BSL-1.0
#include "client.hpp"
#include "handlers.hpp"
#include "live_server.hpp"
#include <support/simulated_http.hpp>

#include <rill/log_capture.hpp>

#include <doctest/doctest.h>

#include <chrono>
#include <string>

namespace {

/// Sends the bytes with a request behind them; there is one response, and then the end.
std::string refused(test::live_server& server, const std::string& bytes)
{
    test::client client(server.port());
    client.send(bytes + "GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    const auto answer = client.response();
    CHECK(answer.find("\r\nConnection: close\r\n") != std::string::npos);
    CHECK(answer.find("Content-Type: application/problem+json") != std::string::npos);
    CHECK(client.rest().empty());
    return answer;
}

int refused_status(test::live_server& server, const std::string& bytes)
{
    return test::status(refused(server, bytes));
}

std::string fields(const std::string& lines)
{
    return "POST /echo HTTP/1.1\r\nHost: a\r\n" + lines + "\r\n\r\n";
}

} // namespace

TEST_CASE("http server: broken framing has one answer and ends the connection")
{
    test::live_server server(test::sample_service());
    CHECK(refused_status(server, "GET / HTTP/1.1\r\n\r\n") == 400);
    CHECK(refused_status(server, fields("Content-Length: 5\r\nTransfer-Encoding: chunked")) == 400);
    CHECK(refused_status(server, fields("Content-Length: 5\r\nContent-Length: 5")) == 400);
    CHECK(refused_status(server, fields("Transfer-Encoding: gzip, chunked")) == 501);
    CHECK(refused_status(server, fields("Expect: something")) == 417);
    CHECK(refused_status(server, "GET / HTTP/2.0\r\nHost: a\r\n\r\n") == 505);
    CHECK(
        refused_status(server, fields("Transfer-Encoding: chunked") + "5\nhello\r\n0\r\n\r\n") ==
        400
    );
    CHECK(refused_status(server, "\x16\x03\x01\x02") == 400);
}

TEST_CASE("http server: what was wrong is told, in no words of the client's")
{
    test::live_server server(test::sample_service());
    const std::string request = "GET / HTTP/1.1\r\nHost: a\r\nHost: <script>\r\n\r\n";
    CHECK(
        test::body(refused(server, request)) ==
        R"({"type":"about:blank","title":"Bad Request","status":400,"detail":"repeated Host"})"
    );
}

TEST_CASE("http server: requests before a broken one are answered first")
{
    test::live_server server(test::sample_service());
    test::client client(server.port());
    client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\nGET / HTTP/1.1\r\n\r\n");
    CHECK(test::status(client.response()) == 200);
    CHECK(test::status(client.response()) == 400);
    CHECK(client.closed());
}

TEST_CASE("http server: heads beyond their limits are a 414 and a 431")
{
    test::live_server server(test::sample_service());
    const std::string long_target =
        "GET /" + std::string(9000, 'a') + " HTTP/1.1\r\nHost: a\r\n\r\n";
    CHECK(refused_status(server, long_target) == 414);
    CHECK(refused_status(server, fields("A: " + std::string(33000, 'b'))) == 431);
    std::string many = "Content-Length: 0";
    for (int i = 0; i < 100; ++i)
        many += "\r\nA: b";
    CHECK(refused_status(server, fields(many)) == 431);
}

TEST_CASE("http server: a head at its limits is served")
{
    test::live_server server(test::sample_service());
    test::client client(server.port());
    const std::string target = "/" + std::string(8192 - 14, 'a');
    client.send(
        "GET " + target + " HTTP/1.1\r\nHost: a\r\nA: " + std::string(32000, 'b') + "\r\n\r\n"
    );
    CHECK(test::status(client.response()) == 404);
    client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    CHECK(test::status(client.response()) == 200);
}

TEST_CASE("http server: content beyond the limit is a 413, known from its length alone")
{
    rill::http::settings l;
    l.body = rill::bytes(1000);
    test::live_server server(test::sample_service(), l);
    test::client announced(server.port());
    announced.send(fields("Content-Length: 1001\r\nExpect: 100-continue"));
    CHECK(test::status(announced.response()) == 413);
    test::client chunked(server.port());
    chunked.send(fields("Transfer-Encoding: chunked") + "3e9\r\n");
    CHECK(test::status(chunked.response()) == 413);
    test::client served(server.port());
    served.send(fields("Content-Length: 1000") + std::string(1000, 'a'));
    CHECK(test::body(served.response()) == std::string(1000, 'a'));
    served.send(
        fields("Transfer-Encoding: chunked") + "3e8\r\n" + std::string(1000, 'b') + "\r\n0\r\n\r\n"
    );
    CHECK(test::body(served.response()) == std::string(1000, 'b'));
}

TEST_CASE("http server: a client that goes on sending still sees why it was refused")
{
    rill::http::settings l;
    l.body = rill::bytes(1000);
    test::live_server server(test::sample_service(), l);
    const std::string content(10'000'000, 'a');
    for (int i = 0; i < 10; ++i) { // as Python's http.client does: everything is sent first
        test::client client(server.port());
        REQUIRE(client.send(fields("Content-Length: 10000000")));
        REQUIRE(client.send(content));
        CHECK(test::status(client.response()) == 413);
        CHECK(client.closed());
    }
}

TEST_CASE("http server: a client that sends the whole of a content too large in chunks sees it too")
{
    rill::http::settings l;
    l.body = rill::bytes(1000);
    test::live_server server(test::sample_service(), l);
    test::client client(server.port());
    std::string content;
    for (int i = 0; i < 100; ++i)
        content += "2710\r\n" + std::string(10'000, 'a') + "\r\n";
    REQUIRE(client.send(fields("Transfer-Encoding: chunked") + content + "0\r\n\r\n"));
    CHECK(test::status(client.response()) == 413);
    CHECK(client.closed());
}

TEST_CASE("http server: a client that never stops sending is cut")
{
    rill::http::settings l;
    l.body = rill::bytes(1000);
    l.unread_body = rill::mib(1);
    test::live_server server(test::sample_service(), l);
    test::client client(server.port());
    client.send(fields("Content-Length: 100000000"));
    const std::string piece(64 * 1024, 'a');
    int pieces = 0;
    while (pieces < 1000 && client.send(piece))
        ++pieces;
    CHECK(pieces < 1000);
}

TEST_CASE("http server: routes that do not exist, and methods, have problem documents")
{
    test::live_server server(test::sample_service());
    test::client client(server.port());
    client.send("GET /no HTTP/1.1\r\nHost: a\r\n\r\n");
    CHECK(test::status(client.response()) == 404);
    client.send("DELETE / HTTP/1.1\r\nHost: a\r\n\r\n");
    const auto refused = client.response();
    CHECK(test::status(refused) == 405);
    CHECK(refused.find("\r\nAllow: GET, HEAD\r\n") != std::string::npos);
    client.send("GET /hello/%zz HTTP/1.1\r\nHost: a\r\n\r\n");
    CHECK(test::status(client.response()) == 400);
    client.send("BREW / HTTP/1.1\r\nHost: a\r\n\r\n");
    CHECK(test::status(client.response()) == 501);
}

TEST_CASE("http server: refused requests are logged with peer and reason, at most once a minute")
{
    test::simulated_http s(test::sample_service());
    rill::log::capture log;
    s.run([&]() -> rill::awaitable<void> {
        for (int i = 0; i < 5; ++i) {
            test::http_client client = co_await s.connect();
            client.send("GET / HTTP/1.1\r\nHost: <script>\r\n\r\n");
            CHECK(test::status(co_await client.response()) == 400);
        }
    });
    log.expect("warning: request refused peer=10.0.0.");
    log.expect_nothing_else();
    s.loop.advance(std::chrono::seconds(61));
    s.run([&]() -> rill::awaitable<void> {
        test::http_client client = co_await s.connect();
        client.send("GET / HTTP/1.1\r\nHost: <script>\r\n\r\n");
        CHECK(test::status(co_await client.response()) == 400);
    });
    const std::string line = log.expect("left_out=4");
    CHECK(line.find("status=400 reason=\"invalid Host\"") != std::string::npos);
    CHECK(line.find("script") == std::string::npos);
}
