// SPDX-License-Identifier: BSL-1.0
#include <support/network.hpp>

#include <rill/listen_address.hpp>
#include <rill/open_connection.hpp>
#include <rill/sleep.hpp>
#include <rill/task_group.hpp>

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>

#include <doctest/doctest.h>

#include <string>

namespace {

using namespace std::chrono_literals;
using namespace test;
using rill::awaitable;
using rill::connect_options;

namespace error = boost::asio::error;

rill::endpoint tcp(const std::string& address, unsigned short port = 0)
{
    return boost::asio::ip::tcp::endpoint(boost::asio::ip::make_address(address), port);
}

/// The error of a connect on the client.
rill::connect_error
failure(two_hosts& n, const std::string& host, const connect_options& options = {})
{
    try {
        n.run([&]() -> awaitable<void> { co_await rill::open_connection(host, 7, options); });
    } catch (const rill::connect_error& e) {
        return e;
    }
    FAIL("it connected");
    throw 0;
}

TEST_CASE("connect_error: a look-up that takes too long is the phase that was slow")
{
    two_hosts n;
    n.net.names().latency(rill::forever);
    const auto e = failure(n, "server", connect_options().timeout(5s));
    CHECK(e.phase() == rill::connect_phase::look_up);
    CHECK(e.code() == rill::condition::timed_out);
    CHECK(
        std::string(e.what()) ==
        "connect to server:7: timed out after 5s while looking up its addresses"
    );
    CHECK(n.elapsed() == 5s);
}

TEST_CASE(
    "connect_error: a connect that takes too long tells what took its time before, and each address"
)
{
    two_hosts n;
    const auto server = n.listen(echo_back);
    n.net.host("silent");
    n.net.partition({"client"}, {"silent"});
    n.net.path("client", "server").latency(1s);
    n.net.names().set("api", {"silent", "server"}).latency(2s);
    const auto refuses = n.net.host("refuses");
    n.net.names().set("api", {"silent", "refuses"});
    const auto e = failure(n, "api", connect_options().timeout(5s));
    CHECK(e.phase() == rill::connect_phase::connect);
    CHECK(
        std::string(e.what()) == "connect to api:7: timed out after 5s while connecting "
                                 "(looking up its addresses took 2s; 10.0.0.4:7: no answer in 3s; "
                                 "10.0.0.5:7: Connection refused after 0ns)"
    );
}

TEST_CASE("CON-05: a name that is not found is an error of the look-up")
{
    two_hosts n;
    const auto e = failure(n, "nowhere");
    CHECK(e.phase() == rill::connect_phase::look_up);
    CHECK(e.code() == error::host_not_found);
    CHECK(std::string(e.what()).starts_with(
        "connect to nowhere:7: looking up \"nowhere\": Host not found"
    ));
}

TEST_CASE("open_connection: addresses that lead nowhere are looked up anew the next time")
{
    two_hosts n;
    const auto server = n.listen(echo_back);
    n.net.names().set("service", {"10.99.99.99"}).keep(1h);
    CHECK(failure(n, "service").code() == error::host_unreachable);
    n.net.names().set("service", {"server"});
    n.run([]() -> awaitable<void> { co_await rill::open_connection("service", 7); });
    n.run([]() -> awaitable<void> { co_await rill::open_connection("service", 7); });
    CHECK(n.net.names().look_ups() == 2);
}

TEST_CASE("CON-06, UX-05: what makes no sense is refused at the call")
{
    const auto is_refused = [](const std::string& host, const connect_options& options) {
        CHECK_THROWS_AS((void)rill::open_connection(host, 7, options), std::invalid_argument);
    };
    const auto is_refused_unix = [](const std::string& path, const connect_options& options) {
        CHECK_THROWS_AS((void)rill::open_unix_connection(path, options), std::invalid_argument);
    };
    const rill::endpoint path = boost::asio::local::stream_protocol::endpoint("/x");
    is_refused("", {});
    is_refused("a b", {});
    is_refused("a\r\nb", {});
    is_refused("a", connect_options().local_address(path));
    is_refused_unix("", {});
    is_refused_unix(std::string(200, 'x'), {});
    is_refused_unix("/x", connect_options().proxy(rill::proxy::parse("http://proxy")));
    is_refused_unix("/x", connect_options().local_address(tcp("127.0.0.1")));
}

TEST_CASE("CON-07: a connection comes from the local address, one for each family")
{
    two_hosts n;
    const auto four = n.listen(echo_back, "0.0.0.0:7");
    const auto six = n.listen(echo_back, "[::]:7");
    const auto options = connect_options()
                             .local_address(tcp(n.client.address(), 4000))
                             .local_address(tcp(n.client.address_v6()));
    n.run([&]() -> awaitable<void> {
        const rill::stream a = co_await rill::open_connection(n.server.address(), 7, options);
        CHECK(rill::to_string(a.local_endpoint()) == n.client.address() + ":4000");
        const rill::stream b = co_await rill::open_connection(n.server.address_v6(), 7, options);
        CHECK(rill::to_string(b.local_endpoint()).starts_with("[" + n.client.address_v6() + "]:"));
    });
}

TEST_CASE("CON-07: addresses of a family without a local address are not tried; if that is all, it "
          "is an error")
{
    two_hosts n;
    const auto four = n.listen(echo_back, "0.0.0.0:7");
    const auto from_v4 = connect_options().local_address(tcp("0.0.0.0"));
    n.net.names().set("api", {n.server.address_v6(), "server"});
    n.run([&]() -> awaitable<void> {
        const rill::stream s = co_await rill::open_connection("api", 7, from_v4);
        CHECK(rill::to_string(s.remote_endpoint()) == n.server.address() + ":7");
    });
    CHECK(n.net.statistics().refused == 0);
    const auto e = failure(n, n.server.address_v6(), from_v4);
    CHECK(e.code() == error::address_family_not_supported);
    CHECK(e.attempts().empty());
}

TEST_CASE("CON-07: an address that cannot be bound to is an error that names it")
{
    two_hosts n;
    const auto server = n.listen(echo_back);
    const auto e = failure(n, "server", connect_options().local_address(tcp("10.88.0.1")));
    CHECK(e.code() == boost::system::errc::address_not_available);
    CHECK(
        std::string(e.what()).find("10.0.0.2:7 from 10.88.0.1:0: Cannot assign") !=
        std::string::npos
    );
}

// Proxies

awaitable<void> copy(rill::stream& from, rill::stream& to)
{
    for (;;) {
        const std::string some = co_await from.reader().read(1000);
        if (some.empty())
            break;
        to.writer().write(some);
        co_await to.writer().drain();
    }
    to.writer().write_eof();
}

/// Until both have ended.
awaitable<void> couple(rill::stream& a, rill::stream& b)
{
    co_await rill::with_task_group([&](rill::task_group& g) -> awaitable<void> {
        g.create_task([&] { return copy(a, b); });
        g.create_task([&] { return copy(b, a); });
        co_return;
    });
}

/// Speaks what HTTP CONNECT needs, and keeps the heads that it was sent.
class http_proxy {
public:
    rill::server::handler handler()
    {
        return [this](rill::stream s) { return serve(std::move(s)); };
    }

    std::vector<std::string> heads;
    std::string answer = "HTTP/1.1 200 Fine\r\n\r\n";

private:
    awaitable<void> serve(rill::stream client)
    {
        const std::string head = co_await client.reader().read_until("\r\n\r\n");
        heads.push_back(head);
        client.writer().write(answer);
        co_await client.writer().drain();
        if (!answer.starts_with("HTTP/1.1 200"))
            co_return;
        const std::string target = head.substr(8, head.find(' ', 8) - 8);
        const auto colon = target.rfind(':');
        const auto port = static_cast<unsigned short>(std::stoi(target.substr(colon + 1)));
        rill::stream server = co_await rill::open_connection(target.substr(0, colon), port);
        co_await couple(client, server);
    }
};

/// A network with a proxy, which alone reaches the server.
struct behind_proxy : two_hosts {
    rill::testing::host proxy_host = net.host("proxy");
    rill::server serving = listen(echo_back);

    behind_proxy() { net.partition({"client"}, {"server"}); }

    rill::server proxy(rill::server::handler h)
    {
        const auto here = proxy_host.enter();
        return {loop.executor(), std::move(h), rill::listen_address::parse("*:3128")};
    }

    std::string echoed(const std::string& url)
    {
        return run([&]() -> awaitable<std::string> {
            const auto options = connect_options().proxy(rill::proxy::parse(url));
            rill::stream s = co_await rill::open_connection("server", 7, options);
            s.writer().write("hello\n");
            co_return co_await s.reader().read_line();
        });
    }
};

TEST_CASE("open_connection: through an HTTP proxy, which connects to the host")
{
    behind_proxy n;
    http_proxy speaker;
    const auto proxy = n.proxy(speaker.handler());
    CHECK(n.echoed("http://ada:secret@proxy:3128") == "hello\n");
    REQUIRE(speaker.heads.size() == 1);
    CHECK(speaker.heads[0].starts_with("CONNECT server:7 HTTP/1.1\r\nHost: server:7\r\n"));
    CHECK(
        speaker.heads[0].find("Proxy-Authorization: Basic YWRhOnNlY3JldA==\r\n") !=
        std::string::npos
    );
}

TEST_CASE("open_connection: bytes that come behind the proxy's answer are the host's")
{
    behind_proxy n;
    http_proxy speaker;
    speaker.answer += "220 greeting\n";
    const auto proxy = n.proxy(speaker.handler());
    CHECK(n.echoed("http://proxy:3128") == "220 greeting\n");
}

TEST_CASE(
    "open_connection: what a proxy refuses is an error of that phase, and closes the connection"
)
{
    behind_proxy n;
    http_proxy speaker;
    speaker.answer = "HTTP/1.1 407 Who are you\r\n\r\n";
    const auto proxy = n.proxy(speaker.handler());
    const auto through = connect_options().proxy(rill::proxy::parse("http://a:b@proxy:3128"));
    const auto e = failure(n, "server", through);
    CHECK(e.phase() == rill::connect_phase::proxy);
    CHECK(e.code() == error::access_denied);
    const std::string what = e.what();
    CHECK(what.starts_with(
        "connect to server:7 through http://proxy:3128: the proxy answered \"407 Who are you\""
    ));
    n.loop.settle();
    CHECK(proxy.connections() == 0);
}

TEST_CASE("open_connection: a proxy that says nothing is the phase that was slow")
{
    behind_proxy n;
    keeper silent;
    const auto proxy = n.proxy(silent.handler());
    const auto through =
        connect_options().timeout(5s).proxy(rill::proxy::parse("socks5h://proxy:3128"));
    const auto e = failure(n, "server", through);
    CHECK(e.phase() == rill::connect_phase::proxy);
    const std::string what = e.what();
    CHECK(what.find("timed out after 5s while talking to the proxy") != std::string::npos);
    REQUIRE(silent.streams.size() == 1);
    const auto end = n.run([&] { return error_of(silent.streams[0].reader().read_all()); });
    CHECK(end == error::connection_reset);
}

TEST_CASE("connect_error: an address that lost is listed with the time until another one answered")
{
    behind_proxy n;
    keeper silent;
    const auto proxy = n.proxy(silent.handler());
    n.net.host("dead");
    n.net.partition({"client"}, {"dead"});
    n.net.names().set("proxies", {"dead", "proxy"});
    const auto through =
        connect_options().timeout(5s).proxy(rill::proxy::parse("socks5h://proxies:3128"));
    const auto e = failure(n, "server", through);
    REQUIRE(e.attempts().size() == 2);
    CHECK(e.attempts()[0].error == error::timed_out);
    CHECK(e.attempts()[0].took == 250ms);
    CHECK_FALSE(e.attempts()[1].error);
}

TEST_CASE("open_connection: a proxy that ends without an answer is an error")
{
    behind_proxy n;
    const auto proxy =
        n.proxy([](rill::stream s) -> awaitable<void> { co_await s.reader().read_some(); });
    const auto through = connect_options().proxy(rill::proxy::parse("socks5h://proxy:3128"));
    const auto e = failure(n, "server", through);
    CHECK(e.code() == error::eof);
    CHECK(std::string(e.what()).find("the proxy has closed the connection") != std::string::npos);
}

TEST_CASE("open_connection: a cancel while the proxy is asked leaves nothing behind")
{
    behind_proxy n;
    keeper silent;
    const auto proxy = n.proxy(silent.handler());
    const auto through = connect_options().proxy(rill::proxy::parse("http://proxy:3128"));
    auto connecting = n.client.spawn(rill::open_connection("server", 7, through));
    n.loop.advance(1s);
    connecting.cancel();
    n.loop.settle();
    CHECK(connecting.cancelled());
    REQUIRE(silent.streams.size() == 1);
    CHECK(n.run([&] {
        return error_of(silent.streams[0].reader().read_all());
    }) == error::connection_reset);
}

/// Speaks what SOCKS 5 needs without authentication; what it was asked for is in `asked`.
class socks_proxy {
public:
    rill::server::handler handler()
    {
        return [this](rill::stream s) { return serve(std::move(s)); };
    }

    std::vector<std::string> asked;

private:
    awaitable<void> serve(rill::stream client)
    {
        const std::string greeting = co_await client.reader().read_exactly(2);
        const std::size_t ways = static_cast<unsigned char>(greeting[1]);
        co_await client.reader().read_exactly(ways);
        client.writer().write(std::string("\5\0", 2));
        const std::string head = co_await client.reader().read_exactly(4);
        std::string host;
        if (head[3] == 3) {
            const std::string size = co_await client.reader().read_exactly(1);
            host = co_await client.reader().read_exactly(static_cast<unsigned char>(size[0]));
        } else {
            boost::asio::ip::address_v4::bytes_type bytes;
            const std::string raw = co_await client.reader().read_exactly(bytes.size());
            std::copy(raw.begin(), raw.end(), bytes.begin());
            host = boost::asio::ip::address_v4(bytes).to_string();
        }
        asked.push_back(host);
        const std::string port = co_await client.reader().read_exactly(2);
        rill::stream server =
            co_await rill::open_connection(host, static_cast<unsigned char>(port[1]));
        client.writer().write(std::string("\5\0\0\1\0\0\0\0\0\0", 10));
        co_await couple(client, server);
    }
};

TEST_CASE(
    "open_connection: through a SOCKS proxy, which is told an address, or with socks5h the name"
)
{
    behind_proxy n;
    socks_proxy speaker;
    const auto proxy = n.proxy(speaker.handler());
    CHECK(n.echoed("socks5://proxy:3128") == "hello\n");
    CHECK(n.echoed("socks5h://proxy:3128") == "hello\n");
    CHECK(speaker.asked == std::vector<std::string>{n.server.address(), "server"});
}

} // namespace
