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
const std::string slow = "GET /slow HTTP/1.1\r\nHost: a\r\n\r\n";

void wait_for_connections(test::live_server& server, std::size_t count)
{
    while (server.connections() != count)
        std::this_thread::sleep_for(1ms);
}

} // namespace

TEST_CASE("http drain: idle connections close, running requests finish")
{
    test::live_server server(test::sample_service());
    test::client fresh(server.port());
    test::client idle(server.port());
    idle.send(get);
    CHECK(test::status(idle.response()) == 200);
    test::client busy(server.port());
    busy.send(slow + get);
    wait_for_connections(server, 3);
    std::this_thread::sleep_for(20ms); // the slow handler has begun

    server.call([&] { server.http().stop(); });
    CHECK(idle.closed());
    CHECK(fresh.closed());
    const auto last = busy.response();
    CHECK(test::body(last) == "slow");
    CHECK(last.find("\r\nConnection: close\r\n") != std::string::npos);
    CHECK(busy.closed());
    wait_for_connections(server, 0);
}

TEST_CASE("http drain: who connects afterwards is served once")
{
    test::live_server server(test::sample_service());
    server.call([&] { server.http().stop(); });
    test::client client(server.port());
    client.send(get);
    CHECK(client.response().find("\r\nConnection: close\r\n") != std::string::npos);
    CHECK(client.closed());
}

TEST_CASE("http drain: within the grace an idle connection may send one more request")
{
    test::live_server server(test::sample_service());
    test::client used(server.port());
    test::client unused(server.port());
    for (auto* c : {&used, &unused}) {
        c->send(get);
        CHECK(test::status(c->response()) == 200);
    }
    server.call([&] { server.http().stop(500ms); });
    used.send(get);
    CHECK(used.response().find("\r\nConnection: close\r\n") != std::string::npos);
    CHECK(used.closed());
    CHECK(unused.closed());
}

TEST_CASE("http drain: cancelling the tasks ends whatever is left")
{
    test::client* left = nullptr;
    {
        test::live_server server(test::sample_service());
        test::client stuck(server.port());
        stuck.send("GET /stuck HTTP/1.1\r\nHost: a\r\n\r\n");
        left = new test::client(server.port());
        left->send("GET / HT");
        wait_for_connections(server, 2);
    } // the fixture cancels every task; it would hang if one did not end
    CHECK(left->closed());
    delete left;
}
