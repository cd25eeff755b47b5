// SPDX-License-Identifier: BSL-1.0
#include "client.hpp"
#include "handlers.hpp"
#include "live_server.hpp"

#include <doctest/doctest.h>

#include <chrono>
#include <string>
#include <thread>

using namespace std::chrono_literals;

namespace {

const std::string get = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";

/// Hours for everything, so that a test shortens the one limit it is about.
rill::http::limits patient()
{
    rill::http::limits l;
    l.first_byte = l.header = l.keep_alive_idle = l.body_gap = l.request = l.write_stall = 1h;
    l.unread_wait = 200ms; // and with it the clock ticks often
    return l;
}

} // namespace

TEST_CASE("http deadlines: a client that sends nothing is closed without an answer")
{
    auto l = patient();
    l.first_byte = 100ms;
    test::live_server server(test::sample_service(), l);
    test::client client(server.port());
    CHECK(client.closed());
}

TEST_CASE("http deadlines: a head that does not end in time is a 408")
{
    auto l = patient();
    l.header = 100ms;
    test::live_server server(test::sample_service(), l);
    test::client client(server.port());
    client.send("GET / HTTP/1.1\r\nHos");
    CHECK(test::status(client.response()) == 408);
    CHECK(client.closed());
}

TEST_CASE("http deadlines: a slow head is not saved by sending a byte now and then")
{
    auto l = patient();
    l.header = 200ms;
    test::live_server server(test::sample_service(), l);
    test::client client(server.port());
    for (int i = 0; i < 20; ++i) {
        client.send("a");
        std::this_thread::sleep_for(50ms);
    }
    CHECK(test::status(client.response()) == 408);
}

TEST_CASE("http deadlines: an idle connection is closed")
{
    auto l = patient();
    l.keep_alive_idle = 100ms;
    test::live_server server(test::sample_service(), l);
    test::client client(server.port());
    client.send(get);
    CHECK(test::status(client.response()) == 200);
    CHECK(client.closed());
}

TEST_CASE("http deadlines: an idle connection that has given its memory back serves on")
{
    test::live_server server(test::sample_service(), patient());
    test::client client(server.port());
    for (int i = 0; i < 2; ++i) {
        client.send(get);
        CHECK(test::status(client.response()) == 200);
        std::this_thread::sleep_for(1200ms);
    }
    client.send(get);
    CHECK(test::status(client.response()) == 200);
}

TEST_CASE("http deadlines: content that stops coming is a 408")
{
    auto l = patient();
    l.body_gap = 100ms;
    test::live_server server(test::sample_service(), l);
    for (const char* framing :
         {"Content-Length: 5\r\n\r\nab", "Transfer-Encoding: chunked\r\n\r\n5\r\nab"}) {
        test::client client(server.port());
        client.send(std::string("POST /echo HTTP/1.1\r\nHost: a\r\n") + framing);
        CHECK(test::status(client.response()) == 408);
        CHECK(client.closed());
    }
}

TEST_CASE("http deadlines: content that comes too slowly is a 408")
{
    auto l = patient();
    l.body_rate_grace = 100ms;
    test::live_server server(test::sample_service(), l);
    test::client client(server.port());
    client.send("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n");
    for (int i = 0; i < 12; ++i) {
        client.send("a");
        std::this_thread::sleep_for(50ms);
    }
    CHECK(test::status(client.response()) == 408);
}

TEST_CASE("http deadlines: a whole request has a limit, however steadily its content comes")
{
    auto l = patient();
    l.request = 300ms;
    test::live_server server(test::sample_service(), l);
    test::client client(server.port());
    client.send("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n");
    for (int i = 0; i < 20; ++i) {
        client.send(std::string(100, 'a'));
        std::this_thread::sleep_for(50ms);
    }
    CHECK(test::status(client.response()) == 408);
}

TEST_CASE("http deadlines: a handler that takes too long is cancelled, and the connection lives on")
{
    auto l = patient();
    l.request = 100ms;
    test::live_server server(test::sample_service(), l);
    test::client client(server.port());
    for (int i = 0; i < 2; ++i) {
        client.send("GET /stuck HTTP/1.1\r\nHost: a\r\n\r\n");
        CHECK(test::status(client.response()) == 504);
    }
    client.send(get);
    CHECK(test::status(client.response()) == 200);
    CHECK(server.reported() == 0);
}

TEST_CASE("http deadlines: a client that does not read is cut")
{
    auto l = patient();
    l.write_stall = 200ms;
    test::live_server server(test::sample_service(), l);
    test::client client(server.port(), 4096);
    client.send("GET /large HTTP/1.1\r\nHost: a\r\n\r\n");
    while (server.connections() != 1)
        std::this_thread::sleep_for(5ms);
    const auto until = std::chrono::steady_clock::now() + 10s;
    while (server.connections() != 0 && std::chrono::steady_clock::now() < until)
        std::this_thread::sleep_for(20ms);
    CHECK(server.connections() == 0);
    CHECK(client.rest().size() < 8u * 1024 * 1024);
}

TEST_CASE("http deadlines: a client that reads slowly is not cut")
{
    auto l = patient();
    l.write_stall = 500ms;
    test::live_server server(test::sample_service(), l);
    test::client client(server.port(), 64 * 1024);
    client.send("GET /large HTTP/1.1\r\nHost: a\r\n\r\n");
    std::this_thread::sleep_for(100ms);
    CHECK(client.response().size() > 8u * 1024 * 1024);
}
