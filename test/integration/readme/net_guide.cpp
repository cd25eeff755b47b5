// SPDX-License-Identifier: BSL-1.0
//
// Runs what framework/net/README.md shows.
#include <support/tls_authority.hpp>

#include <rill/cancel_scope.hpp>
#include <rill/run.hpp>
#include <rill/sleep.hpp>

#include <doctest/doctest.h>
#include <net_guide.hpp>

namespace {

TEST_CASE("net guide: a broken IPv6 costs 250 ms, and a dead DNS is told from a dead host")
{
    CHECK(ipv6_is_broken() == "hello\n");
    CHECK(dns_is_dead() == "DNS is slow");
}

TEST_CASE("net guide: each address is listed with its error, as the guide shows it")
{
    rill::testing::loop loop;
    rill::testing::network net(loop);
    net.host("silent");
    net.host("refuses");
    net.partition({"client"}, {"silent"});
    net.names().set("api", {"silent", "refuses"}).latency(2s);
    auto client = net.host("client").spawn(why_not("api", rill::connect_options().timeout(5s)));
    loop.advance(5s);
    CHECK(
        client.result() == "connect to api:7007: timed out after 5s while connecting "
                           "(looking up its addresses took 2s; 10.0.0.2:7007: no answer in 3s; "
                           "10.0.0.3:7007: Connection refused after 0ns)"
    );
}

TEST_CASE("net guide: names come from a registry")
{
    rill::testing::loop loop;
    rill::testing::network net(loop);
    auto serving = net.host("orders").spawn([]() -> awaitable<void> {
        const auto greet = [](rill::stream client) -> awaitable<void> {
            client.writer().write("orders\n");
            co_await client.writer().drain();
        };
        rill::server server = co_await rill::start_server(greet, "", 7007);
        co_await server.serve_forever();
    });
    auto client = net.host("client").spawn([]() -> awaitable<std::string> {
        use_registry();
        const std::string other = co_await why_not("api", {});
        co_return co_await first_line_of("orders.service") + other;
    });
    loop.settle();
    serving.cancel();
    loop.settle();
    REQUIRE(client.done());
    const std::string expected = "orders\nconnect to api:7007: looking up \"api\": Host not found";
    CHECK(client.result().starts_with(expected));
}

TEST_CASE("net guide: a proxy that refuses is quoted")
{
    rill::testing::loop loop;
    rill::testing::network net(loop);
    auto proxy = net.host("proxy").spawn([]() -> awaitable<void> {
        const auto refuse = [](rill::stream client) -> awaitable<void> {
            co_await client.reader().read_until("\r\n\r\n");
            client.writer().write("HTTP/1.1 403 Not for you\r\n\r\n");
            co_await client.writer().drain();
        };
        rill::server server = co_await rill::start_server(refuse, "", 3128);
        co_await server.serve_forever();
    });
    auto client = net.host("client").spawn([]() -> awaitable<std::string> {
        try {
            co_await through("http://proxy:3128", "api");
        } catch (const rill::connect_error& e) {
            co_return e.what();
        }
        co_return "";
    });
    loop.settle();
    proxy.cancel();
    loop.settle();
    CHECK(client.result().find("the proxy answered \"403 Not for you\"") != std::string::npos);
}

TEST_CASE("net guide: unix sockets know their peers, and a socket of Asio's becomes a stream")
{
    CHECK(rill::run(&greeting) == "welcome\n");
    rill::run([]() -> awaitable<void> {
        const auto greet = [](rill::stream client) -> awaitable<void> {
            client.writer().write("hello\n");
            co_await client.writer().drain();
        };
        rill::server server = co_await rill::start_server(greet, "127.0.0.1", 0);
        boost::asio::io_context other;
        boost::asio::ip::tcp::socket socket(other);
        const auto port = rill::port_of(server.local_endpoint());
        socket.connect({boost::asio::ip::address_v4::loopback(), port});
        rill::stream s = take_over(std::move(socket));
        CHECK(co_await s.reader().read_line() == "hello\n");
    });
}

/// Runs the server of the guide, or another one, and a client, each on its host of a simulated network.
template <class Serve, class Ask>
std::string converse(Serve serve, Ask ask)
{
    rill::testing::loop loop;
    rill::testing::network net(loop);
    auto serving = net.host("server").spawn([&]() -> awaitable<void> {
        rill::server server = serve();
        co_await server.serve_forever();
    });
    auto client = net.host("client").spawn(ask());
    loop.advance(1s);
    serving.cancel();
    loop.advance(60s);
    return client.result();
}

TEST_CASE("net guide: a server at two places serves whom it allows, and counts the others")
{
    rill::testing::loop loop;
    rill::testing::network net(loop);
    auto host = net.host("server");
    net.names().set("both", {host.address(), host.address_v6()});
    const auto greet = [](rill::stream client) -> awaitable<void> {
        client.writer().write("hello\n");
        co_await client.writer().drain();
    };
    const auto here = host.enter();
    auto serving =
        rill::create_task(loop.executor(), serve_at({"both:7007", "unix:@greet"}, greet));
    loop.settle();
    auto client = net.host("client").spawn(first_line_of(host.address()));
    loop.settle();
    CHECK(client.result() == "hello\n");
    const auto local = loop.run([]() -> awaitable<std::string> {
        rill::stream s = co_await rill::open_unix_connection("@greet");
        co_return co_await s.reader().read_line();
    });
    CHECK(local == "hello\n");
    serving.cancel();
    loop.settle();
}

TEST_CASE("net guide: the statistics of a server")
{
    rill::testing::loop loop;
    rill::testing::network net(loop);
    const auto greet = [](rill::stream client) -> awaitable<void> {
        client.writer().write("hello\n");
        co_await client.writer().drain();
    };
    auto host = net.host("server");
    const auto here = host.enter();
    const auto everywhere = rill::listen_address::parse("*:7007");
    const rill::server server(loop.executor(), greet, everywhere, guarded());
    auto client = net.host("client").spawn(first_line_of(host.address()));
    auto other = net.host("other").spawn(why_not(host.address_v6(), {}));
    loop.settle();
    CHECK(client.result() == "hello\n");
    CHECK(other.done()); // it is connected, and closed: fd00::/8 is not allowed
    CHECK(summary(server) == "1 served, 1 at once, refused: 1 denied, 0 had enough");
}

TEST_CASE("net guide: TLS with certificates on both sides")
{
    test::tls_authority authority;
    const auto own = authority.issue_local();
    const auto ada = authority.issue({"Ada", {}});
    const auto serve = [&] {
        return greet_on(7443, server_side(own.certificate, own.key, authority.file()));
    };
    const auto ask = [&] {
        return first_line_over_tls(
            "server", client_side(authority.file(), ada.certificate, ada.key).alpn("greet/1")
        );
    };
    CHECK(converse(serve, ask) == "hello CN=Ada\n");
}

TEST_CASE("net guide: a protocol turns to TLS")
{
    test::tls_authority authority;
    const auto files = authority.issue({"mail", {"DNS:mail.example.com"}});
    const auto tls = rill::tls_context::server(files.certificate, files.key);
    const auto answer = [tls](rill::stream s) -> awaitable<void> {
        co_await s.reader().read_line();
        s.writer().write("ready\n");
        co_await s.start_tls(tls);
        s.writer().write("secret\n");
        co_await s.writer().drain();
    };
    const auto serve = [&] { return rill::server(answer, rill::listen_address::parse("*:25")); };
    const auto ask = [&]() -> awaitable<std::string> {
        rill::stream s = co_await rill::open_connection("server", 25);
        co_await turn_to_tls(s, rill::tls_context::client().trust(authority.file()));
        co_return co_await s.reader().read_line();
    };
    CHECK(converse(serve, ask) == "secret\n");
}

TEST_CASE(
    "net guide: a pool keeps connections, and none goes on with the answer to another's question"
)
{
    rill::testing::loop loop;
    rill::testing::network net(loop);
    int connections = 0;
    const auto answer = [&](rill::stream s) -> awaitable<void> {
        ++connections;
        for (;;) {
            const std::string question = co_await s.reader().read_line();
            if (question.empty())
                co_return;
            if (question == "how long?\n")
                co_await rill::sleep(1h);
            s.writer().write(question == "are you there?\n" ? "yes\n" : "42\n");
            co_await s.writer().drain();
        }
    };
    auto serving = net.host("server").spawn([&]() -> awaitable<void> {
        rill::server server = co_await rill::start_server(answer, "", 7007);
        co_await server.serve_forever();
    });
    auto client = net.host("client").spawn([&]() -> awaitable<std::string> {
        rill::pool pool = pool_for("server");
        std::string answers = co_await ask(pool, "what is it?");
        co_await rill::sleep(1min);
        answers += co_await ask(pool, "what is it?");
        CHECK(connections == 1);
        co_await rill::move_on_after(1s, ask(pool, "how long?"));
        answers += co_await ask(pool, "what is it?");
        CHECK(connections == 2);
        co_await pool.drain();
        co_return answers;
    });
    loop.advance(2min);
    serving.cancel();
    loop.advance(2h);
    REQUIRE(client.done());
    CHECK(client.result() == "42\n42\n42\n");
}

TEST_CASE("net guide: a server behind a balancer sees whose connection is passed on to it")
{
    rill::testing::loop loop;
    rill::testing::network net(loop);
    std::string seen;
    rill::endpoint client_is;
    loop.run([&]() -> awaitable<void> {
        const auto options = behind_a_balancer()
                                 .proxy_protocol_from(rill::network::parse("::/0"))
                                 .proxy_protocol_from(rill::network::parse("0.0.0.0/0"));
        const auto look = [&](rill::stream s) -> awaitable<void> {
            seen = to_string(s.remote_endpoint());
            co_return;
        };
        rill::server last(look, rill::listen_address::parse("127.0.0.1:7008"), options);
        const auto relay = [](rill::stream s) -> awaitable<void> {
            const auto to = rill::connect_address::parse("127.0.0.1:7008");
            rill::stream onward = co_await pass_on(s, to);
            co_await onward.reader().read_all();
        };
        rill::server first(relay, rill::listen_address::parse("127.0.0.1:7007"));
        rill::stream client = co_await rill::open_connection("127.0.0.1", 7007);
        client_is = client.local_endpoint();
        co_await client.reader().read_all();
    });
    CHECK(seen == to_string(client_is));
}

} // namespace
