// SPDX-License-Identifier: BSL-1.0
//
// What uses a part of a loop, and is there when the loop is not. What these tests check, the
// sanitizers check with them.
#include <support/live.hpp>
#include <support/network.hpp>

#include <rill/open_connection.hpp>
#include <rill/server.hpp>
#include <rill/testing/stream_pair.hpp>

#include <memory>
#include <optional>
#include <stdexcept>

namespace {

using namespace test;
using rill::awaitable;

const auto any_port = rill::listen_address::parse("127.0.0.1:0");

awaitable<void> wait_for_ever(rill::stream)
{
    co_await rill::sleep(1h);
}

awaitable<rill::stream> connect_to(const rill::server& server)
{
    return rill::open_connection("127.0.0.1", rill::port_of(server.local_endpoint()));
}

/// A server's object has nothing left that could fail.
void check_ended(rill::server& s)
{
    CHECK_FALSE(s.is_serving());
    CHECK(s.sockets().empty());
    CHECK(s.connections() == 0);
    CHECK_THROWS_AS(s.local_endpoint(), rill::invalid_state);
    s.close();
    s.close_clients();
    s.abort_clients();
    rill::run([&]() -> awaitable<void> {
        co_await s.wait_closed();
        CHECK(co_await s.drain(1s));
        CHECK_THROWS_AS(co_await s.serve_forever(), std::logic_error);
    });
}

void check_ended(rill::stream& s)
{
    s.writer().write("dropped");
    s.writer().write_eof();
    s.close();
    s.abort();
    CHECK(s.writer().is_closing());
    CHECK_THROWS_AS(s.socket(), std::logic_error);
    CHECK_THROWS_AS(s.local_endpoint(), std::logic_error);
    rill::run([&]() -> awaitable<void> {
        CHECK((co_await s.reader().read_all()).empty());
        CHECK(co_await error_of(s.writer().drain()) == rill::asio::error::connection_reset);
        co_await s.writer().wait_closed();
    });
}

TEST_CASE("a server may outlive its loop")
{
    const std::size_t before = open_descriptors();
    std::optional<rill::server> s;
    SUBCASE("while it serves")
    {
        rill::run([&]() -> awaitable<void> {
            s.emplace(wait_for_ever, any_port);
            co_return;
        });
        CHECK(s->statistics().accepted == 0);
    }
    SUBCASE("when it is closed")
    {
        rill::run([&]() -> awaitable<void> {
            s.emplace(wait_for_ever, any_port);
            s->close();
            co_return;
        });
    }
    SUBCASE("with connections, and tasks that wait in it")
    {
        rill::run([&]() -> awaitable<void> {
            s.emplace(wait_for_ever, any_port);
            const rill::stream client = co_await connect_to(*s);
            rill::create_task(s->serve_forever());
            rill::create_task(s->wait_closed());
            CHECK(co_await eventually([&] { return s->connections() == 1; }));
        });
        CHECK(s->statistics().accepted == 1);
    }
    SUBCASE("which ends without asking anybody")
    {
        rill::loop loop;
        const auto main = [&]() -> awaitable<void> {
            s.emplace(wait_for_ever, any_port);
            const rill::stream client = co_await connect_to(*s);
            rill::create_task(s->serve_forever());
            CHECK(co_await eventually([&] { return s->connections() == 1; }));
        };
        loop.run_until_complete(main());
        loop.close();
    }
    CHECK(open_descriptors() == before);
    check_ended(*s);
    s.emplace(std::move(*s));
    s.reset();
}

TEST_CASE("a server whose loop has ended leaves no socket file behind")
{
    const scratch directory;
    const std::string path = directory.file("socket");
    std::optional<rill::server> s;
    rill::run([&]() -> awaitable<void> {
        s.emplace(co_await rill::start_unix_server(wait_for_ever, path));
        CHECK(std::filesystem::exists(path));
    });
    CHECK_FALSE(std::filesystem::exists(path));
}

TEST_CASE("a stream may outlive its loop, which closes it")
{
    const std::size_t before = open_descriptors();
    std::optional<rill::stream> client;
    std::optional<rill::stream> accepted;
    std::optional<rill::server> s;
    const auto main = [&]() -> awaitable<void> {
        const auto keep = [&](rill::stream c) -> awaitable<void> {
            accepted.emplace(std::move(c));
            rill::create_task(accepted->reader().read_line());
            co_return;
        };
        s.emplace(keep, any_port);
        client.emplace(co_await connect_to(*s));
        CHECK(co_await eventually([&] { return accepted.has_value(); }));
        rill::create_task(client->reader().read_line());
        rill::create_task(client->writer().wait_closed());
        co_await rill::yield();
    };
    SUBCASE("idle")
    {
        rill::run(main);
    }
    SUBCASE("with unsent data")
    {
        rill::run([&]() -> awaitable<void> {
            co_await main();
            client->writer().write(std::string(20'000'000, 'x'));
            rill::create_task(client->writer().drain());
        });
    }
    SUBCASE("with all of it in a loop that is closed")
    {
        rill::loop loop;
        loop.run_until_complete(main());
        client->writer().write("x");
        loop.close();
    }
    CHECK(open_descriptors() == before);
    CHECK(rill::port_of(client->remote_endpoint()) != 0);
    check_ended(*client);
    check_ended(*accepted);
    check_ended(*s);
}

TEST_CASE("what was written leaves with the end of the loop")
{
    std::string received;
    std::optional<rill::stream> client;
    rill::asio::io_context io;
    rill::loop loop(io);
    const auto keep = [&](rill::stream c) -> awaitable<void> {
        received = co_await c.reader().read_all();
    };
    rill::server s(io.get_executor(), keep, any_port);
    {
        rill::loop other;
        const auto main = [&]() -> awaitable<void> {
            client.emplace(co_await connect_to(s));
            client->writer().write("the last words");
        };
        other.run_until_complete(main());
    }
    loop.run_until_complete([&]() -> awaitable<void> {
        CHECK(co_await eventually([&] { return !received.empty(); }));
    });
    CHECK(received == "the last words");
}

TEST_CASE("a stream of a pair, and its wire, may outlive the loop")
{
    std::optional<rill::testing::connected_streams> pair;
    {
        rill::testing::loop loop;
        pair.emplace(rill::testing::stream_pair(loop.executor()));
        pair->forth.hold();
        pair->first.writer().write("on its way");
        loop.spawn(pair->second.reader().read_line());
        loop.spawn(pair->first.writer().wait_closed());
        loop.settle();
    }
    pair->forth.pump();
    pair->forth.release();
    pair->back.pump();
    check_ended(pair->first);
    check_ended(pair->second);
}

TEST_CASE("a network, its hosts and its sockets may outlive the loop")
{
    std::optional<rill::testing::network> net;
    std::optional<rill::testing::host> server;
    std::optional<rill::server> s;
    std::optional<rill::stream> client;
    {
        rill::testing::loop loop;
        net.emplace(loop);
        server.emplace(net->host("server"));
        server->spawn([&]() -> awaitable<void> {
            s.emplace(wait_for_ever, rill::listen_address::parse("*:7"));
            co_await s->serve_forever();
        });
        net->host("client").spawn([&]() -> awaitable<void> {
            client.emplace(co_await rill::open_connection("server", 7));
            client->writer().write("x");
            co_await client->reader().read_line();
        });
        loop.settle();
        REQUIRE(client.has_value());
    }
    SUBCASE("and be used then")
    {
        net->on_event([](const rill::testing::network_event&) { FAIL("nothing happens"); });
        net->partition({"client"}, {"server"});
        net->heal();
        net->reset("client", "server");
        net->crash("client");
        net->restart("client");
        net->host("another").crash();
        server->crash();
        server->restart();
        CHECK(server->is_up());
        CHECK_THROWS_AS(server->spawn(rill::sleep(1h)), std::logic_error);
        CHECK(net->statistics().connections == 1);
    }
    SUBCASE("one after another")
    {
        net.reset();
    }
    check_ended(*s);
    CHECK_THROWS_AS(client->socket(), std::logic_error);
    client.reset();
}

} // namespace
