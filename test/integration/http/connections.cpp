// SPDX-License-Identifier: BSL-1.0
#include "client.hpp"
#include "handlers.hpp"
#include "live_server.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/local/connect_pair.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>

#include <doctest/doctest.h>

#include <chrono>
#include <functional>
#include <string>
#include <vector>

namespace {

const std::string get = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
const std::string root =
    "HTTP/1.1 200 OK\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: 4\r\n\r\nroot";

std::string post(const std::string& content, const std::string& fields = {})
{
    return "POST /echo HTTP/1.1\r\nHost: a\r\n" + fields +
           "Content-Length: " + std::to_string(content.size()) + "\r\n\r\n" + content;
}

const std::string chunked = "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
                            "5;a=\"b\"\r\nhello\r\n6\r\n world\r\n0\r\nDigest: x\r\n\r\n";

} // namespace

TEST_CASE("http server: answers request after request on one connection")
{
    test::live_server server(test::sample_service());
    test::client client(server.port());
    for (int i = 0; i < 3; ++i) {
        client.send(get);
        CHECK(client.response() == root);
    }
    client.send("GET /hello/you%21 HTTP/1.1\r\nHost: a\r\n\r\n");
    CHECK(test::body(client.response()) == "hello you!");
    client.send(post("some content"));
    CHECK(test::body(client.response()) == "some content");
    client.send(chunked);
    CHECK(test::body(client.response()) == "hello world");
}

TEST_CASE("http server: HEAD and 204 have no content")
{
    test::live_server server(test::sample_service());
    test::client client(server.port());
    client.send("HEAD / HTTP/1.1\r\nHost: a\r\n\r\n");
    CHECK(client.response(true).ends_with("Content-Length: 4\r\n\r\n"));
    client.send("GET /nothing HTTP/1.1\r\nHost: a\r\n\r\n");
    CHECK(client.response() == "HTTP/1.1 204 No Content\r\n\r\n");
    client.send(get);
    CHECK(client.response() == root);
}

TEST_CASE("http server: bytes one at a time give what one write gives")
{
    test::live_server server(test::sample_service());
    test::client client(server.port());
    client.send_byte_by_byte(get + post("abc") + chunked + get);
    CHECK(client.response() == root);
    CHECK(test::body(client.response()) == "abc");
    CHECK(test::body(client.response()) == "hello world");
    CHECK(client.response() == root);
}

TEST_CASE("http server: requests cut at every offset are answered alike")
{
    test::live_server server(test::sample_service());
    test::client client(server.port());
    const auto bytes = post("abc") + chunked;
    for (std::size_t at = 0; at <= bytes.size(); ++at) {
        client.send(bytes.substr(0, at));
        client.send(bytes.substr(at));
        REQUIRE(test::body(client.response()) == "abc");
        REQUIRE(test::body(client.response()) == "hello world");
    }
}

TEST_CASE("http server: a thousand pipelined requests are answered in order")
{
    test::live_server server(test::sample_service());
    test::client client(server.port());
    std::string all;
    for (int i = 0; i < 1000; ++i)
        all += "GET /hello/" + std::to_string(i) + " HTTP/1.1\r\nHost: a\r\n\r\n";
    client.send(all);
    for (int i = 0; i < 1000; ++i)
        REQUIRE(test::body(client.response()) == "hello " + std::to_string(i));
}

TEST_CASE("http server: a slow handler holds no earlier response up, and later ones wait for it")
{
    test::live_server server(test::sample_service());
    test::client client(server.port());
    client.send(get + "GET /stuck HTTP/1.1\r\nHost: a\r\n\r\n");
    CHECK(client.response() == root);
    test::client other(server.port());
    other.send("GET /later HTTP/1.1\r\nHost: a\r\n\r\n" + get);
    CHECK(test::body(other.response()) == "later");
    CHECK(other.response() == root);
}

TEST_CASE("http server: closes when the client asks for it")
{
    test::live_server server(test::sample_service());
    test::client client(server.port());
    client.send("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n" + get);
    CHECK(client.response().find("\r\nConnection: close\r\n") != std::string::npos);
    CHECK(client.closed());
}

TEST_CASE("http server: closes when the handler asks for it")
{
    test::live_server server(test::sample_service());
    test::client client(server.port());
    client.send("GET /close HTTP/1.1\r\nHost: a\r\n\r\n");
    CHECK(client.response().find("\r\nConnection: close\r\n") != std::string::npos);
    CHECK(client.closed());
}

TEST_CASE("http server: HTTP/1.0 closes unless keep-alive is asked for")
{
    test::live_server server(test::sample_service());
    test::client closing(server.port());
    closing.send("GET / HTTP/1.0\r\n\r\n");
    CHECK(test::body(closing.response()) == "root");
    CHECK(closing.closed());
    test::client staying(server.port());
    for (int i = 0; i < 2; ++i) {
        staying.send("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
        CHECK(staying.response().find("\r\nConnection: keep-alive\r\n") != std::string::npos);
    }
}

TEST_CASE("http server: the last request that a connection may have says close")
{
    rill::http::settings l;
    l.requests_per_connection = 3;
    test::live_server server(test::sample_service(), l);
    test::client client(server.port());
    client.send(get + get + get + get);
    CHECK(client.response() == root);
    CHECK(client.response() == root);
    CHECK(client.response().find("\r\nConnection: close\r\n") != std::string::npos);
    CHECK(client.closed());
}

TEST_CASE("http server: half-closing after the request still gets the response")
{
    test::live_server server(test::sample_service());
    test::client client(server.port());
    client.send("GET /later HTTP/1.1\r\nHost: a\r\n\r\n");
    client.half_close();
    CHECK(test::body(client.response()) == "later");
    CHECK(client.closed());
}

TEST_CASE("http server: large content goes both ways")
{
    test::live_server server(test::sample_service());
    test::client client(server.port());
    for (const std::size_t size : {8191u, 8192u, 16383u, 65536u, 1024u * 1024u}) {
        std::string content(size, '\0');
        for (std::size_t i = 0; i < size; ++i)
            content[i] = static_cast<char>(i * 7 + i / 251);
        client.send(post(content));
        REQUIRE(test::body(client.response()) == content);
    }
    client.send("GET /large HTTP/1.1\r\nHost: a\r\n\r\n" + get);
    CHECK(client.response().size() > 8u * 1024 * 1024);
    CHECK(client.response() == root);
}

TEST_CASE("http server: a chunked body of many pieces comes out whole")
{
    test::live_server server(test::sample_service());
    test::client client(server.port());
    std::string bytes = "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";
    std::string content;
    for (int i = 0; i < 20000; ++i) {
        bytes += "a\r\n0123456789\r\n";
        content += "0123456789";
    }
    client.send(bytes + "0\r\n\r\n" + get);
    CHECK(test::body(client.response()) == content);
    CHECK(client.response() == root);
}

TEST_CASE("http server: 100-continue is sent before the content is read, and only if it is missing")
{
    test::live_server server(test::sample_service());
    test::client client(server.port());
    const std::string head =
        "POST /echo HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n";
    client.send(head);
    CHECK(client.response() == "HTTP/1.1 100 Continue\r\n\r\n");
    client.send("abc");
    CHECK(test::body(client.response()) == "abc");
    client.send(head + "def");
    CHECK(test::body(client.response()) == "def");
}

TEST_CASE("http server: 100-continue is not sent where no route wants the content")
{
    const std::string begin =
        " HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n";
    const auto answers = [&](const rill::http::handler& h) {
        test::live_server server(h);
        std::vector<int> statuses;
        for (const char* what : {"POST /echo", "POST /no", "PUT /echo", "POST /hello/%zz"}) {
            test::client client(server.port());
            client.send(what + begin);
            statuses.push_back(test::status(client.response()));
        }
        return statuses;
    };
    const auto routes = test::sample_service();
    const auto& router = *routes.target<rill::http::router>();
    const std::vector expected{100, 404, 405, 400};
    CHECK(answers(routes) == expected);
    CHECK(answers(std::cref(router)) == expected);
    // Who wraps a router in a function hides it.
    CHECK(answers([&](rill::http::request& r) { return router(r); }) == std::vector(4, 100));
}

TEST_CASE("http server: a reset ends the handler, also behind bytes that nobody has read")
{
    test::live_server server(test::sample_service());
    for (const std::string& behind : {std::string(), get}) {
        test::client client(server.port());
        client.send("GET /stuck HTTP/1.1\r\nHost: a\r\n\r\n");
        server.wait_for_connections(1);
        client.send(behind);
        client.reset();
        server.wait_for_connections(0);
    }
    CHECK(server.reported() == 0);
    CHECK(server.call([&] { return server.http().requests(); }) == 0);
}

TEST_CASE("http server: a client that has closed its side ends a handler whose route says so")
{
    rill::http::settings often;
    often.write_stall = std::chrono::milliseconds(100); // the server looks after its clients often
    test::live_server server(test::sample_service(), often);
    test::client watched(server.port());
    watched.send(get + "GET /watched HTTP/1.1\r\nHost: a\r\n\r\n" + get);
    CHECK(watched.response() == root);
    watched.half_close();
    CHECK(watched.closed());
    test::client patient(server.port());
    patient.send("GET /slow HTTP/1.1\r\nHost: a\r\n\r\n" + get);
    patient.half_close();
    CHECK(test::body(patient.response()) == "slow");
    CHECK(patient.response() == root);
    CHECK(patient.closed());
    CHECK(server.reported() == 0);
}

TEST_CASE("http server: works on a unix socket and for a plain co_spawn")
{
    boost::asio::io_context io;
    rill::http::server http(test::sample_service());
    using local = boost::asio::local::stream_protocol;
    local::socket ours(io);
    local::socket theirs(io);
    boost::asio::local::connect_pair(ours, theirs);
    rill::stream stream{rill::stream_socket(io.get_executor(), local(), ours.release())};
    boost::asio::co_spawn(io, http.serve(std::move(stream)), [](std::exception_ptr e) {
        CHECK(!e);
    });
    boost::asio::write(theirs, boost::asio::buffer(get));
    theirs.shutdown(local::socket::shutdown_send);
    io.run();
    std::string answer;
    boost::system::error_code ec;
    boost::asio::read(theirs, boost::asio::dynamic_buffer(answer), ec);
    CHECK(test::body(answer) == "root");
}
