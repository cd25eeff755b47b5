// SPDX-License-Identifier: BSL-1.0
#include <support/live.hpp>
#include <support/network.hpp>

#include <rill/event.hpp>
#include <rill/introspect.hpp>
#include <rill/open_connection.hpp>
#include <rill/server.hpp>
#include <rill/task.hpp>

#include <boost/asio/deferred.hpp>
#include <boost/asio/steady_timer.hpp>

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <fstream>
#include <optional>
#include <stdexcept>
#include <vector>

namespace {

namespace asio = boost::asio;
using namespace test;
using rill::awaitable;

const auto any_port = rill::listen_address::parse("127.0.0.1:0");

awaitable<void> echo_lines(rill::stream client)
{
    while (auto line = co_await client.reader().next_line())
        client.writer().write(std::move(*line));
}

awaitable<rill::stream> connect_to(const rill::server& server)
{
    return rill::open_connection("127.0.0.1", rill::port_of(server.local_endpoint()));
}

awaitable<std::string> ask(const rill::server& server, std::string line)
{
    rill::stream s = co_await connect_to(server);
    s.writer().write(std::move(line));
    co_return co_await s.reader().read_line();
}

TEST_CASE("SRV-01, SRV-02, SRV-17: a server listens at once, at the port in sockets()")
{
    live l;
    l.run([]() -> awaitable<void> {
        rill::server server(echo_lines, any_port);
        CHECK(server.is_serving());
        REQUIRE(server.sockets().size() == 1);
        CHECK(rill::port_of(server.local_endpoint()) != 0);
        CHECK(co_await ask(server, "hi\n") == "hi\n");
        server.close();
        CHECK(server.sockets().empty());
        CHECK_THROWS_AS(server.local_endpoint(), rill::invalid_state);
    });
}

TEST_CASE("SRV-03, SRV-06: close refuses new clients, old ones go on; wait_closed waits for them")
{
    live l;
    l.run([]() -> awaitable<void> {
        rill::server server(echo_lines, any_port);
        const unsigned short port = rill::port_of(server.local_endpoint());
        std::optional<rill::stream> old = co_await connect_to(server);
        old->writer().write("1\n");
        CHECK(co_await old->reader().read_line() == "1\n");
        const auto closed = rill::create_task(server.wait_closed()); // before the close
        server.close();
        server.close();
        bool refused = false;
        try {
            co_await rill::open_connection("127.0.0.1", port);
        } catch (const rill::system_error&) {
            refused = true;
        }
        CHECK(refused);
        old->writer().write("2\n");
        CHECK(co_await old->reader().read_line() == "2\n");
        CHECK_FALSE(closed.done());
        old.reset();
        co_await closed;
        co_await server.wait_closed(); // SRV-07
        CHECK(server.connections() == 0);
    });
}

TEST_CASE("SRV-03: close accepts those who wait to be, also beyond max_connections, and serves them"
)
{
    live l;
    l.run([]() -> awaitable<void> {
        rill::server server(echo_lines, any_port, rill::server_options().max_connections(1));
        const rill::stream first = co_await connect_to(server);
        CHECK(co_await eventually([&] { return server.connections() == 1; }));
        std::vector<rill::stream> waiting;
        for (int i = 0; i < 100; ++i)
            waiting.push_back(co_await connect_to(server));
        server.close();
        CHECK(server.connections() == 101);
        for (rill::stream& s : waiting) {
            s.writer().write("hi\n");
            CHECK(co_await s.reader().read_line() == "hi\n");
        }
    });
}

TEST_CASE("SRV-03: those who wait to be accepted by a server that is destroyed are reset")
{
    live l;
    l.run([]() -> awaitable<void> {
        std::optional<rill::server> server;
        server.emplace(echo_lines, any_port, rill::server_options().max_connections(1));
        const rill::stream first = co_await connect_to(*server);
        CHECK(co_await eventually([&] { return server->connections() == 1; }));
        rill::stream waiting = co_await connect_to(*server);
        server.reset();
        CHECK(co_await error_of(waiting.reader().read_line()) == asio::error::connection_reset);
    });
}

TEST_CASE("finish_clients: a handler finds the end behind what has arrived, and answers that")
{
    live l;
    l.run([]() -> awaitable<void> {
        rill::event go(co_await asio::this_coro::executor);
        const auto late = [&go](rill::stream client) -> awaitable<void> {
            co_await go.wait();
            co_await echo_lines(std::move(client));
        };
        rill::server server(late, any_port);
        rill::stream client = co_await connect_to(server);
        rill::stream silent = co_await connect_to(server);
        client.writer().write("1\n2\n3\n");
        co_await client.writer().drain();
        CHECK(co_await eventually([&] { return server.connections() == 2; }));
        server.close();
        server.finish_clients();
        go.set();
        CHECK(co_await client.reader().read_all() == "1\n2\n3\n");
        CHECK((co_await silent.reader().read_all()).empty());
        co_await server.wait_closed();
    });
}

TEST_CASE("finish_clients: a handler that waits to read finds the end at once")
{
    live l;
    l.run([]() -> awaitable<void> {
        rill::server server(echo_lines, any_port);
        rill::stream client = co_await connect_to(server);
        client.writer().write("1\n");
        CHECK(co_await client.reader().read_line() == "1\n");
        server.finish_clients();
        CHECK((co_await client.reader().read_all()).empty());
        CHECK(co_await eventually([&] { return server.connections() == 0; }));
    });
}

TEST_CASE("SRV-04: serve_forever of a closed server, or twice at a time, is a logic error")
{
    live l;
    l.run([]() -> awaitable<void> {
        rill::server server(echo_lines, any_port);
        const auto serving = rill::create_task(server.serve_forever());
        co_await rill::yield(); // it serves from its first turn on
        bool refused = false;
        try {
            co_await server.serve_forever();
        } catch (const std::logic_error&) {
            refused = true;
        }
        CHECK(refused);
        server.close();
        co_await serving;
        refused = false;
        try {
            co_await server.serve_forever();
        } catch (const std::logic_error&) {
            refused = true;
        }
        CHECK(refused);
    });
}

TEST_CASE("SRV-25: serve_forever: cancelled, it drains and passes the cancellation on")
{
    live l;
    l.run([]() -> awaitable<void> {
        rill::server_options options;
        options.drain_timeout(5s);
        rill::server server(echo_lines, any_port, options);
        auto serving = rill::create_task(server.serve_forever());
        std::optional<rill::stream> client = co_await connect_to(server);
        client->writer().write("x\n");
        CHECK(co_await client->reader().read_line() == "x\n");
        serving.cancel();
        CHECK(co_await eventually([&] { return !server.is_serving(); }));
        client->writer().write("still served\n");
        CHECK(co_await client->reader().read_line() == "still served\n");
        CHECK_FALSE(serving.done());
        client.reset();
        CHECK(co_await eventually([&] { return serving.done(); }));
        CHECK(serving.cancelled());
    });
}

TEST_CASE("drain: waits for handlers, then cancels those that are left")
{
    two_hosts hosts;
    rill::server server = hosts.listen(echo_lines);
    hosts.run([&]() -> awaitable<void> {
        std::optional<rill::stream> first = co_await rill::open_connection("server", 7);
        rill::stream second = co_await rill::open_connection("server", 7);
        auto draining = rill::create_task(server.drain(20s));
        co_await rill::sleep(19s);
        CHECK(server.connections() == 2);
        first.reset();
        co_await rill::testing::settle();
        CHECK(server.connections() == 1);
        CHECK_FALSE(draining.done());
        CHECK_FALSE(co_await draining);
        CHECK(hosts.elapsed() == 20s);
        CHECK(server.connections() == 0);
        CHECK((co_await second.reader().read_line()).empty());
    });
}

TEST_CASE("drain: ends with the last handler, at once if there is none")
{
    two_hosts hosts;
    rill::server server = hosts.listen(echo_lines);
    rill::server idle = hosts.listen(echo_lines, "*:8");
    hosts.run([&]() -> awaitable<void> {
        CHECK(co_await idle.drain(20s));
        CHECK(hosts.elapsed() == 0s);
        std::optional<rill::stream> client = co_await rill::open_connection("server", 7);
        auto draining = rill::create_task(server.drain(20s));
        co_await rill::sleep(19s);
        client.reset();
        CHECK(co_await draining);
        CHECK(hosts.elapsed() == 19s);
    });
}

TEST_CASE("SRV-09: close_clients flushes and closes; abort_clients closes at once")
{
    live l;
    l.run([]() -> awaitable<void> {
        const auto wait_for_the_end = [](rill::stream client) -> awaitable<void> {
            client.writer().write("welcome\n");
            co_await client.reader().read_all();
        };
        rill::server server(wait_for_the_end, any_port);
        rill::stream one = co_await connect_to(server);
        CHECK(co_await one.reader().read_line() == "welcome\n");
        server.close_clients();
        CHECK((co_await one.reader().read_line()).empty());

        rill::stream two = co_await connect_to(server);
        CHECK(co_await two.reader().read_line() == "welcome\n");
        server.abort_clients();
        bool reset = false;
        try {
            co_await two.reader().read_line();
        } catch (const rill::system_error& error) {
            reset = error.code() == boost::asio::error::connection_reset;
        }
        CHECK(reset);
        server.close();
        co_await server.wait_closed();
    });
}

TEST_CASE("SRV-12: an exception of a handler is reported, ends its connection, and no other")
{
    live l;
    l.run([]() -> awaitable<void> {
        const auto fail_at_bad = [](rill::stream client) -> awaitable<void> {
            while (auto line = co_await client.reader().next_line()) {
                if (*line == "bad\n")
                    throw std::runtime_error("a bad line");
                client.writer().write(std::move(*line));
            }
        };
        rill::server server(fail_at_bad, any_port);
        rill::stream good = co_await connect_to(server);
        CHECK((co_await ask(server, "bad\n")).empty());
        good.writer().write("good\n");
        CHECK(co_await good.reader().read_line() == "good\n");
        CHECK(server.statistics().handler_errors == 1);
        CHECK(server.statistics().accepted == 2);
    });
    REQUIRE(l.reported.size() == 1);
    CHECK(l.reported[0].find("a bad line") != std::string::npos);
    CHECK(l.reported[0].find("connection from 127.0.0.1:") != std::string::npos);
}

TEST_CASE("SRV-12: a handler that is aborted though nobody told it to stop is reported as well")
{
    live l;
    l.run([]() -> awaitable<void> {
        rill::asio::steady_timer timer(co_await rill::asio::this_coro::executor, 1h);
        const auto wait = [&](rill::stream) -> awaitable<void> {
            co_await timer.async_wait(rill::asio::deferred);
        };
        rill::server server(wait, any_port);
        rill::stream s = co_await connect_to(server);
        CHECK(co_await eventually([&] { return server.connections() == 1; }));
        co_await rill::sleep(1ms);
        timer.cancel();
        CHECK((co_await s.reader().read_all()).empty());
        CHECK(server.statistics().handler_errors == 1);
    });
    CHECK(l.reported.size() == 1);
}

TEST_CASE("EH-06: a fatal error of a handler passes the server and leaves the run")
{
    live l;
    const auto main = []() -> awaitable<void> {
        const auto fail = [](rill::stream) -> awaitable<void> {
            throw rill::fatal_error("the end");
            co_return;
        };
        rill::server server(fail, any_port);
        rill::stream s = co_await connect_to(server);
        co_await rill::sleep(1h);
    };
    CHECK_THROWS_WITH_AS(l.run(main), "the end", rill::fatal_error);
    CHECK(l.reported.empty());
}

TEST_CASE("SRV-14: a handler that returns has flushed what it wrote and closed its connection")
{
    live l;
    l.run([]() -> awaitable<void> {
        const std::string text(3 * 1024 * 1024, 'q');
        rill::server server(
            [&](rill::stream client) -> awaitable<void> {
                client.writer().write(text);
                co_return;
            },
            any_port
        );
        rill::stream s = co_await connect_to(server);
        CHECK((co_await s.reader().read_all() == text));
        CHECK(co_await eventually([&] { return server.connections() == 0; }));
    });
}

TEST_CASE("a handler in asyncio's form, with reader and writer")
{
    live l;
    l.run([]() -> awaitable<void> {
        const auto greet = [](rill::stream_reader& in, rill::stream_writer& out
                           ) -> awaitable<void> { out.write("hello " + co_await in.read_line()); };
        rill::server server =
            co_await rill::start_server(rill::with_streams(greet), "127.0.0.1", 0);
        CHECK(co_await ask(server, "you\n") == "hello you\n");
    });
}

TEST_CASE("SRV-16: an empty host is all interfaces, in both families")
{
    live l;
    l.run([]() -> awaitable<void> {
        rill::server server = co_await rill::start_server(echo_lines, "", 0);
        REQUIRE(server.sockets().size() >= 1);
        for (const rill::endpoint& at : server.sockets()) {
            const bool v6 = rill::to_string(at).starts_with("[");
            rill::stream s =
                co_await rill::open_connection(v6 ? "::1" : "127.0.0.1", rill::port_of(at));
            s.writer().write("x\n");
            CHECK(co_await s.reader().read_line() == "x\n");
        }
    });
}

TEST_CASE("SRV-18: an address in use is an error that names it, and nothing stays open")
{
    live l;
    l.run([]() -> awaitable<void> {
        const rill::server server(echo_lines, any_port);
        const std::size_t before = open_descriptors();
        const std::string address = rill::to_string(server.local_endpoint());
        try {
            const rill::server second(echo_lines, rill::listen_address::parse(address));
            FAIL("no error");
        } catch (const rill::system_error& error) {
            CHECK(error.code() == boost::asio::error::address_in_use);
            CHECK(std::string(error.what()).find(address) != std::string::npos);
        }
        CHECK(open_descriptors() == before);
        co_return;
    });
}

TEST_CASE("SRV-15, SRV-18: of several addresses each is listened on, or none")
{
    live l;
    const scratch dir;
    l.run([&]() -> awaitable<void> {
        const std::string file = "unix:" + dir.file("s");
        const std::size_t before = open_descriptors();
        {
            const auto at = rill::listen_address::parse_list({"localhost:0", "127.0.0.1:0", file});
            rill::server server = co_await rill::start_server(echo_lines, at);
            const std::vector<rill::endpoint> all = server.sockets();
            REQUIRE(all.size() >= 2); // without IPv6 it is one less
            CHECK(rill::to_string(all.front()).starts_with("127.0.0.1:"));
            CHECK(rill::to_string(all.back()) == file);
            CHECK(co_await ask(server, "x\n") == "x\n");
            const rill::stream s = co_await rill::open_unix_connection(dir.file("s"));
            const std::string taken = rill::to_string(all.front());
            const std::size_t meanwhile = open_descriptors();
            CHECK_THROWS_WITH(
                rill::server(
                    echo_lines,
                    rill::listen_address::parse_list({"unix:" + dir.file("t"), "[::1]:0", taken})
                ),
                doctest::Contains(taken.c_str())
            );
            CHECK(open_descriptors() == meanwhile);
            CHECK_FALSE(std::filesystem::exists(dir.file("t")));
        }
        CHECK(co_await eventually([&] { return open_descriptors() == before; }));
    });
}

/// What the system says of a socket; -1 if it does not.
int option_of(rill::stream& s, int level, int option)
{
    int value = -1;
    socklen_t size = sizeof value;
    ::getsockopt(s.socket().native_handle(), level, option, &value, &size);
    return value;
}

TEST_CASE("server_options: a connection has what its server says")
{
    live l;
    l.run([]() -> awaitable<void> {
        const auto options = [](const rill::server_options& o) -> awaitable<std::vector<int>> {
            std::vector<int> seen;
            const auto look = [&](rill::stream s) -> awaitable<void> {
                for (const int option : {SO_KEEPALIVE, SO_RCVBUF, SO_SNDBUF})
                    seen.push_back(option_of(s, SOL_SOCKET, option));
                for (const int option :
                     {TCP_KEEPIDLE, TCP_KEEPINTVL, TCP_KEEPCNT, TCP_USER_TIMEOUT, TCP_NODELAY})
                    seen.push_back(option_of(s, IPPROTO_TCP, option));
                co_return;
            };
            const rill::server server(look, any_port, o);
            rill::stream s = co_await connect_to(server);
            co_await s.reader().read_line();
            co_return seen;
        };
        rill::server_options o;
        o.socket(rill::socket_options()
                     .keepalive(61s, 2s, 3)
                     .user_timeout(1500ms)
                     .receive_buffer(8192)
                     .send_buffer(16384));
        const std::vector<int> set{1, 2 * 8192, 2 * 16384, 61, 2, 3, 1500, 1};
        CHECK(co_await options(o) == set); // Linux doubles sizes, for what it needs itself
        const std::vector<int> as_it_is = co_await options({});
        REQUIRE(as_it_is.size() == set.size());
        CHECK(as_it_is.front() == 0);
        CHECK(as_it_is.back() == 1);
    });
}

TEST_CASE("connect_options: a connection has what they say of its socket")
{
    live l;
    l.run([]() -> awaitable<void> {
        const rill::server server(echo_lines, any_port);
        const auto port = rill::port_of(server.local_endpoint());
        const auto options = rill::connect_options().socket(
            rill::socket_options().keepalive(1500ms, 1s, 4).user_timeout(2s).send_buffer(16384)
        );
        rill::stream s = co_await rill::open_connection("localhost", port, options);
        CHECK(option_of(s, SOL_SOCKET, SO_KEEPALIVE) == 1);
        CHECK(option_of(s, IPPROTO_TCP, TCP_KEEPIDLE) == 2); // whole seconds
        CHECK(option_of(s, IPPROTO_TCP, TCP_KEEPCNT) == 4);
        CHECK(option_of(s, IPPROTO_TCP, TCP_USER_TIMEOUT) == 2000);
        CHECK(option_of(s, SOL_SOCKET, SO_SNDBUF) == 2 * 16384);
    });
}

TEST_CASE("socket_options: what no system takes is refused where it is said")
{
    using options = rill::socket_options;
    CHECK_THROWS_WITH(options().keepalive(0s), doctest::Contains("idle must be from 1 s"));
    CHECK_THROWS_WITH(options().keepalive(1s, 10h), doctest::Contains("interval must be"));
    CHECK_THROWS_WITH(options().keepalive(1s, 1s, 0), doctest::Contains("1 to 127 probes, not 0"));
    CHECK_THROWS_WITH(options().user_timeout(0s), doctest::Contains("more than 0"));
    CHECK(options().user_timeout(rill::forever).unacknowledged->count() == 2'147'483'647);
}

TEST_CASE("SRV-19: with reuse_port two servers share an address")
{
    live l;
    l.run([]() -> awaitable<void> {
        rill::server_options options;
        options.reuse_port(true);
        const rill::server one(echo_lines, any_port, options);
        const rill::server two(echo_lines, rill::listen_address(one.local_endpoint()), options);
        for (int i = 0; i < 20; ++i)
            CHECK(co_await ask(one, "x\n") == "x\n");
        CHECK(one.statistics().accepted + two.statistics().accepted == 20);
    });
}

TEST_CASE("max_connections: more clients wait in the accept queue until one has gone")
{
    live l;
    l.run([]() -> awaitable<void> {
        rill::server_options options;
        options.max_connections(2);
        rill::server server(echo_lines, any_port, options);
        std::optional<rill::stream> one = co_await connect_to(server);
        rill::stream two = co_await connect_to(server);
        rill::stream three = co_await connect_to(server); // the kernel takes it
        three.writer().write("third\n");
        CHECK(co_await eventually([&] { return server.connections() == 2; }));
        for (int turns = 0; turns < 20; ++turns) { // it could be accepted in each of them
            two.writer().write("x\n");
            CHECK(co_await two.reader().read_line() == "x\n");
        }
        CHECK(server.connections() == 2);
        CHECK(server.statistics().accepted == 2);
        one.reset();
        CHECK(co_await three.reader().read_line() == "third\n");
        CHECK(server.connections() == 2);
        CHECK_THROWS_AS(
            rill::server(echo_lines, any_port, rill::server_options().max_connections(0)),
            std::invalid_argument
        );
    });
}

TEST_CASE("UX-02, UX-07: a stale socket file is replaced, a live one is not; close removes ours")
{
    live l;
    const scratch dir;
    l.run([&]() -> awaitable<void> {
        const std::string path = dir.file("s");
        const auto at = rill::listen_address::parse("unix:" + path);
        {
            rill::server server(echo_lines, at);
            CHECK(std::filesystem::is_socket(path));
            CHECK_THROWS_AS(rill::server(echo_lines, at), rill::system_error);
            std::filesystem::rename(path, dir.file("moved")); // now it is not removed
        }
        std::filesystem::rename(dir.file("moved"), path);
        CHECK(std::filesystem::is_socket(path)); // stale
        {
            const rill::server server(echo_lines, at);
            rill::stream s = co_await rill::open_unix_connection(path);
        }
        CHECK_FALSE(std::filesystem::exists(path));
    });
}

TEST_CASE("UX-06: a path that cannot be bound is an error that names it, and nothing stays open")
{
    live l;
    const scratch dir;
    l.run([&]() -> awaitable<void> {
        const std::string path = dir.file("none") + "/s";
        const std::size_t before = open_descriptors();
        std::string said;
        try {
            const rill::server server(echo_lines, rill::listen_address::parse("unix:" + path));
        } catch (const rill::system_error& e) {
            said = e.what();
        }
        CHECK(said.find(path) != std::string::npos);
        CHECK(said.find("No such file") != std::string::npos);
        CHECK(open_descriptors() == before);
        co_return;
    });
}

TEST_CASE("UX-09: a peer that hangs up ends the reads, and nothing spins after it")
{
    live l;
    const scratch dir;
    l.run([&]() -> awaitable<void> {
        const std::string path = dir.file("s");
        keeper kept;
        const rill::server server(kept.handler(), rill::listen_address::parse("unix:" + path));
        rill::stream s = co_await rill::open_unix_connection(path);
        CHECK(co_await eventually([&] { return !kept.streams.empty(); }));
        kept.streams.clear();
        CHECK((co_await s.reader().read_all()).empty());
        const auto before = rill::statistics_of(rill::this_loop()).turns;
        co_await rill::sleep(100ms);
        CHECK(rill::statistics_of(rill::this_loop()).turns - before < 20);
    });
}

TEST_CASE("UX-03, UX-08: a file that is no socket stays, and so does one that replaced ours")
{
    live l;
    const scratch dir;
    l.run([&]() -> awaitable<void> {
        const std::string path = dir.file("s");
        std::ofstream(path) << "precious";
        const auto at = rill::listen_address::parse("unix:" + path);
        CHECK_THROWS_AS(rill::server(echo_lines, at), rill::system_error);
        CHECK(std::filesystem::file_size(path) == 8);
        std::filesystem::remove(path);
        {
            const rill::server server(echo_lines, at);
            std::filesystem::remove(path);
            std::ofstream(path) << "another";
        }
        CHECK(std::filesystem::exists(path));
        co_return;
    });
}

TEST_CASE("a server that is destroyed stops listening and cancels its handlers")
{
    live l;
    l.run([]() -> awaitable<void> {
        std::optional<rill::server> server(std::in_place, echo_lines, any_port);
        rill::stream client = co_await connect_to(*server);
        CHECK(co_await eventually([&] { return server->connections() == 1; }));
        server.reset();
        CHECK((co_await client.reader().read_line()).empty());
    });
    CHECK(l.reported.empty());
}

TEST_CASE("a loop may end with a server and its connections still going on")
{
    rill::loop loop;
    std::optional<rill::server> server;
    std::optional<rill::stream> client;
    const auto start = [&]() -> awaitable<void> {
        server.emplace(echo_lines, any_port);
        client.emplace(co_await connect_to(*server));
        client->writer().write("x\n");
        CHECK(co_await client->reader().read_line() == "x\n");
    };
    loop.run_until_complete(start());
    client.reset();
    server.reset();
}

TEST_CASE("R2: a thousand connections come and go, and no descriptor stays")
{
    live l;
    l.run([]() -> awaitable<void> {
        rill::server server(echo_lines, any_port);
        CHECK(co_await ask(server, "first\n") == "first\n");
        CHECK(co_await eventually([&] { return server.connections() == 0; }));
        const std::size_t before = open_descriptors();
        for (int i = 0; i < 1000; ++i)
            CHECK(co_await ask(server, "x\n") == "x\n");
        CHECK(co_await eventually([&] { return server.connections() == 0; }));
        CHECK(open_descriptors() == before);
    });
}

} // namespace
