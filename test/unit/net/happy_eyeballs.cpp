// SPDX-License-Identifier: BSL-1.0
#include "connect_race.hpp"
#include <support/network.hpp>

#include <rill/sleep.hpp>
#include <rill/timeout.hpp>

#include <boost/asio/ip/tcp.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

namespace {

using namespace std::chrono_literals;
using namespace test;
using rill::awaitable;
using rill::connect_options;

namespace error = boost::asio::error;

/// "server" answers at port 7, "far" too, and "silent" and "mute" never do.
struct several : two_hosts {
    keeper held;
    rill::server serving = listen(held.handler());
    rill::testing::host far = net.host("far");
    rill::server far_serving = listen_on_far();
    rill::testing::host silent = net.host("silent");
    rill::testing::host mute = net.host("mute");
    std::vector<std::string> begun; // connects: to whom, and when

    several()
    {
        net.partition({"client"}, {"silent", "mute"});
        net.names().keep(0s);
        net.on_event([this](const rill::testing::network_event& e) {
            if (e.what == rill::testing::network_event::kind::connect)
                begun.push_back(e.to + " " + std::to_string(e.when / 1ms));
        });
    }

    rill::server listen_on_far()
    {
        const auto here = far.enter();
        return {loop.executor(), held.handler(), rill::listen_address::parse("*:7")};
    }

    /// Connects to a name with these addresses: to whom it leads.
    std::string connect(const std::vector<std::string>& addresses, const connect_options& o = {})
    {
        net.names().set("several", addresses);
        return run([&]() -> awaitable<std::string> {
            const rill::stream s = co_await rill::open_connection("several", 7, o);
            co_return rill::to_string(s.remote_endpoint());
        });
    }

    /// The error that such a connect ends with.
    rill::connect_error
    failure(const std::vector<std::string>& addresses, const connect_options& o = {})
    {
        try {
            connect(addresses, o);
        } catch (const rill::connect_error& e) {
            return e;
        }
        FAIL("it connected");
        throw 0;
    }
};

TEST_CASE(
    "HE-01: no addresses, no order; the families take turns, and keep their order (RFC 8305 4)"
)
{
    const auto order = [](const std::vector<std::string>& all) {
        std::vector<rill::endpoint> endpoints;
        for (const std::string& a : all)
            endpoints.emplace_back(
                boost::asio::ip::tcp::endpoint(boost::asio::ip::make_address(a), 7)
            );
        std::vector<std::string> result;
        for (const rill::endpoint& e : rill::net_detail::in_turns(endpoints))
            result.push_back(rill::to_string(e));
        return result;
    };
    using texts = std::vector<std::string>;
    CHECK(order({}).empty());
    CHECK(
        order({"::1", "::2", "::3", "1.1.1.1"}) ==
        texts{"[::1]:7", "1.1.1.1:7", "[::2]:7", "[::3]:7"}
    );
    CHECK(order({"1.1.1.1", "2.2.2.2", "::1"}) == texts{"1.1.1.1:7", "[::1]:7", "2.2.2.2:7"});
    CHECK(order({"1.1.1.1"}) == texts{"1.1.1.1:7"});
}

TEST_CASE("HE-12, CON-02: where IPv6 is silent IPv4 is used after the delay")
{
    several s;
    CHECK(s.connect({s.silent.address_v6(), "server"}) == s.server.address() + ":7");
    CHECK(s.elapsed() == 250ms);
    CHECK(s.begun == std::vector<std::string>{"silent:7 0", "server:7 250"});
}

TEST_CASE("BY-56: the families take turns whatever the order of the resolver")
{
    several s;
    s.connect({s.silent.address_v6(), s.mute.address_v6(), "server"});
    CHECK(s.begun == std::vector<std::string>{"silent:7 0", "server:7 250"});
}

TEST_CASE("HE-12: the delay can be chosen")
{
    several s;
    s.connect({s.silent.address_v6(), "mute", "server"}, connect_options().attempt_delay(100ms));
    CHECK(s.elapsed() == 200ms);
}

TEST_CASE("HE-03, BY-56: the failure of the latest begins the next one at once")
{
    several s;
    s.net.link("client", "server").latency(20ms);
    s.serving.close();
    CHECK(s.connect({"server", "10.99.99.99", "far"}) == s.far.address() + ":7");
    CHECK(s.elapsed() == 40ms); // refused after a round trip; the second has no route
    CHECK(s.begun == std::vector<std::string>{"server:7 0", "far:7 40"});
}

TEST_CASE("HE-03: the failure of a former one begins nothing")
{
    several s;
    s.net.link("client", "server").latency(200ms); // refused at 400 ms
    s.serving.close();
    s.connect({"server", "silent", "far"});
    CHECK(s.begun == std::vector<std::string>{"server:7 0", "silent:7 250", "far:7 500"});
}

TEST_CASE("HE-03: the former go on, and may be the first to answer")
{
    several s;
    s.net.link("client", "far").latency(150ms);
    s.net.link("client", "server").latency(1s);
    CHECK(s.connect({"far", "server"}) == s.far.address() + ":7");
    CHECK(s.elapsed() == 300ms);
}

TEST_CASE("HE-04, CON-03: if all fail there is an error for each, in the order of their beginnings")
{
    several s;
    s.net.link("client", "server").latency(200ms);
    s.serving.close();
    const rill::connect_error e = s.failure({"server", "10.99.99.99"});
    CHECK(e.code() == error::connection_refused);
    CHECK(e.phase() == rill::connect_phase::connect);
    REQUIRE(e.attempts().size() == 2);
    CHECK(rill::to_string(e.attempts()[0].to) == s.server.address() + ":7");
    CHECK(e.attempts()[0].error == error::connection_refused);
    CHECK(e.attempts()[0].took == 400ms);
    CHECK(e.attempts()[1].error == error::host_unreachable);
    CHECK(e.attempts()[1].took == 0ms);
    CHECK(
        std::string(e.what()) == "connect to several:7: none of its addresses can be connected to "
                                 "(10.0.0.2:7: Connection refused after 400ms; "
                                 "10.99.99.99:7: No route to host after 0ns)"
    );
}

TEST_CASE("CON-03: where all fail for the same reason it is the error's")
{
    several s;
    const rill::connect_error e = s.failure({"10.99.99.98", "10.99.99.99"});
    CHECK(std::string(e.what()).starts_with("connect to several:7: No route to host ("));
}

TEST_CASE("HE-05, BY-56: if two answer in the same turn one is taken, and the other closed")
{
    several s;
    s.net.link("client", "far").latency(150ms);
    s.net.link("client", "server").latency(25ms);
    CHECK(s.connect({"far", "server"}) == s.far.address() + ":7"); // which was begun first
    CHECK(s.elapsed() == 300ms);                                   // when both answer
    s.loop.advance(1s);
    REQUIRE(s.held.streams.size() == 2);
    for (rill::stream& stream : s.held.streams)
        CHECK(s.loop.run(stream.reader().read_all()) == ""); // also that of the test is closed
}

TEST_CASE("HE-05: the one that is taken stays")
{
    several s;
    s.net.link("client", "far").latency(150ms);
    s.net.link("client", "server").latency(25ms);
    s.net.names().set("several", {"far", "server"});
    s.run([&]() -> awaitable<void> {
        rill::stream stream = co_await rill::open_connection("several", 7);
        stream.writer().write("x");
        co_await stream.writer().drain();
        co_await rill::sleep(1s);
        std::string all;
        for (rill::stream& held : s.held.streams)
            all += held.reader().buffered();
        for (rill::stream& held : s.held.streams)
            if (held.remote_endpoint() == stream.local_endpoint())
                all += co_await held.reader().read_exactly(1);
        CHECK(all == "x");
    });
}

TEST_CASE("HE-06: those that lost are closed when the connection is there")
{
    several s;
    s.connect({"silent", "mute", "server"});
    s.net.heal();
    s.loop.advance(1h);
    CHECK(s.begun.size() == 3);
    CHECK(s.net.statistics().connections == 1);
    CHECK(s.net.statistics().refused == 0); // nobody goes on to knock
}

TEST_CASE("HE-07, CON-04: a cancelled connect ends all attempts")
{
    several s;
    s.net.names().set("several", {"silent", "mute"});
    auto connecting = s.client.spawn(rill::open_connection("several", 7));
    s.loop.advance(1s);
    CHECK(s.begun.size() == 2);
    connecting.cancel();
    s.loop.settle();
    CHECK(connecting.cancelled());
    s.net.heal();
    s.loop.advance(1h);
    CHECK(s.net.statistics().refused == 0);
}

TEST_CASE("HE-07, CON-04: a loop may end while addresses are tried")
{
    auto loop = std::make_unique<test::abandoned_loop>();
    rill::testing::network net(*loop);
    net.host("silent");
    net.host("mute");
    net.partition({"client"}, {"silent", "mute"});
    net.names().set("several", {"silent", "mute"});
    net.host("client").spawn(rill::open_connection("several", 7));
    loop->advance(300ms); // both are under way
    loop.reset();
}

TEST_CASE("HE-08: the same with tasks that begin at once")
{
    several s;
    s.run([]() -> awaitable<void> {
        rill::this_loop().set_eager_tasks(true);
        co_return;
    });
    CHECK(s.connect({"10.99.99.99", "silent", "server"}) == s.server.address() + ":7");
    CHECK(s.elapsed() == 250ms);
    CHECK(s.failure({"10.99.99.99", "10.99.99.98"}).attempts().size() == 2);
}

TEST_CASE("HE-09: without a delay it is strictly one after the other")
{
    several s;
    const auto one_by_one = connect_options().attempt_delay(rill::forever);
    SUBCASE("each has as long as there is time")
    {
        const rill::connect_error e = s.failure({"silent", "server"}, one_by_one);
        CHECK(e.attempts().size() == 1);
        CHECK(s.elapsed() == 30s);
    }
    SUBCASE("or what is its own")
    {
        s.connect({"silent", "server"}, connect_options(one_by_one).attempt_timeout(2s));
        CHECK(s.elapsed() == 2s);
    }
    SUBCASE("or as long as the system tries")
    {
        s.connect({"silent", "server"}, connect_options(one_by_one).timeout(rill::forever));
        CHECK(s.elapsed() == 127s);
    }
}

TEST_CASE("HE-11: attempts that all time out leave an error that says so")
{
    several s;
    const rill::connect_error e =
        s.failure({"silent", "mute"}, connect_options().attempt_timeout(2s));
    CHECK(e.code() == rill::condition::timed_out);
    CHECK(
        std::string(e.what()) == "connect to several:7: Connection timed out "
                                 "(10.0.0.5:7: no answer in 2s; 10.0.0.6:7: no answer in 2s)"
    );
    CHECK(s.elapsed() == 2250ms);
}

TEST_CASE("BY-56: an attempt that timed out begins the next at once")
{
    several s;
    const auto hasty = connect_options().attempt_delay(10s).attempt_timeout(1s);
    s.connect({"silent", "server"}, hasty);
    CHECK(s.elapsed() == 1s);
}

} // namespace
