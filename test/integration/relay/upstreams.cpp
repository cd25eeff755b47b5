// SPDX-License-Identifier: BSL-1.0
//
// Which servers a client of the relay gets.
#include "simulated_relay.hpp"
#include <support/contains.hpp>

#include <rill/conf/load.hpp>
#include <rill/log_capture.hpp>
#include <rill/task_group.hpp>

#include <algorithm>
#include <string>
#include <vector>

namespace {

using namespace test;

std::string answer(relayed& r)
{
    return r.run([&]() -> awaitable<std::string> {
        rill::stream s = co_await r.connect();
        co_return co_await all_of(s);
    });
}

TEST_CASE("relay, round_robin: clients get one server after the other")
{
    relayed r(to_servers({"server:1", "server:2", "server:3"}));
    const auto one = r.listen(named("1"), "*:1");
    const auto two = r.listen(named("2"), "*:2");
    const auto three = r.listen(named("3"), "*:3");
    CHECK(answer(r) + answer(r) + answer(r) + answer(r) == "1231");
}

TEST_CASE("relay, least_connections: a client gets the server that serves the fewest")
{
    auto settings = to_servers({"server:1", "server:2"});
    settings.upstream.balance = relay::balance::least_connections;
    relayed r(settings);
    keeper first;
    keeper second;
    const auto one = r.listen(first.handler(), "*:1");
    const auto two = r.listen(second.handler(), "*:2");
    std::vector<rill::stream> clients;
    const auto connect = [&](int n) {
        r.run([&]() -> awaitable<void> {
            for (int i = 0; i < n; ++i) {
                clients.push_back(co_await r.connect());
                co_await rill::sleep(1ms);
            }
        });
    };
    connect(4);
    CHECK(first.streams.size() == 2);
    CHECK(second.streams.size() == 2);
    second.streams.clear(); // and its clients go
    clients.erase(clients.begin() + 3);
    clients.erase(clients.begin() + 1);
    r.loop.advance(1s);
    connect(2);
    CHECK(first.streams.size() == 2);
    CHECK(second.streams.size() == 2);
}

TEST_CASE("relay: a server that cannot be connected to is replaced by the next, and avoided a while"
)
{
    auto settings = to_servers({"server:1", "server:2"});
    settings.upstream.retry_after = 10s;
    relayed r(settings);
    const auto two = r.listen(named("2"), "*:2");
    for (int i = 0; i < 4; ++i)
        CHECK(answer(r) == "2");
    CHECK(r.service.servers().all().front().failed() == 1);
    CHECK(r.service.so_far().not_connected.get() == 0);

    const auto one = r.listen(named("1"), "*:1");
    CHECK(answer(r) + answer(r) == "22");
    r.loop.advance(10s);
    CHECK((answer(r) + answer(r)).find('1') != std::string::npos);
    CHECK(r.service.servers().all().front().connected() == 1);
}

TEST_CASE("relay: while one is avoided the others have even shares")
{
    relayed r(to_servers({"server:1", "server:2", "server:3"}));
    const auto two = r.listen(named("2"), "*:2");
    const auto three = r.listen(named("3"), "*:3");
    std::string all;
    for (int i = 0; i < 9; ++i)
        all += answer(r);
    CHECK(std::count(all.begin(), all.end(), '2') >= 4);
    CHECK(std::count(all.begin(), all.end(), '3') >= 4);
}

TEST_CASE("relay: whether an avoided one is back one client finds out, and the others do not wait")
{
    auto settings = to_servers({"silent:1", "server:2"});
    settings.upstream.connect_timeout = 3s;
    settings.upstream.retry_after = 10s;
    relayed r(settings);
    r.net.host("silent");
    r.net.partition({"relay"}, {"silent"});
    const auto two = r.listen(named("2"), "*:2");
    CHECK(answer(r) == "2"); // after 3 s
    r.loop.advance(11s);
    r.run([&]() -> awaitable<void> {
        std::vector<rill::duration> took;
        const auto ask = [&]() -> awaitable<void> {
            const auto begun = rill::this_loop().time();
            rill::stream s = co_await r.connect();
            CHECK(co_await all_of(s) == "2");
            took.push_back(rill::this_loop().time() - begun);
        };
        co_await rill::with_task_group([&](rill::task_group& clients) -> awaitable<void> {
            for (int i = 0; i < 6; ++i)
                clients.create_task(ask());
            co_return;
        });
        CHECK(std::count(took.begin(), took.end(), 0s) == 5);
        CHECK(took.back() == 3s);
    });
}

TEST_CASE("relay: sockets that are short here are no fault of the server's")
{
    relayed r(to_servers({"server:1"}));
    const auto one = r.listen(named("1"), "*:1");
    r.between.socket_limit(1);
    CHECK(answer(r) == " reset");
    CHECK(r.service.so_far().not_connected.get() == 1);
    CHECK(r.service.servers().all().front().failed() == 0);
    r.between.socket_limit(10);
    CHECK(answer(r) == "1");
}

TEST_CASE("relay: a unix socket with TLS needs the name that it is to show")
{
    const auto problem = [](const std::string& toml) {
        const auto loaded = rill::conf::load<relay::config>(rill::conf::sources{}.text(toml, "f"));
        return loaded ? "none" : loaded.problems().front().text();
    };
    const std::string servers =
        "[upstream]\nservers = \"unix:/x\"\n[upstream.tls]\nenabled = true\n";
    CHECK(contains(problem(servers), "be no unix socket where tls is enabled without a server_name")
    );
    CHECK(problem(servers + "server_name = \"x\"\n") == "none");
    CHECK(problem(servers + "verify = false\n") == "none");
}

TEST_CASE("relay: one that has come back is no longer avoided when it was tried for want of others")
{
    auto settings = to_servers({"server:1", "server:2"});
    settings.upstream.retry_after = 1h;
    relayed r(settings);
    CHECK(answer(r) == " reset"); // both are avoided, and tried all the same
    const auto one = r.listen(named("1"), "*:1");
    CHECK(answer(r) == "1");
    const auto two = r.listen(named("2"), "*:2");
    CHECK(answer(r) + answer(r) + answer(r) == "111"); // the other one is avoided still
}

TEST_CASE("relay: one that does not answer is left after connect_timeout")
{
    auto settings = to_servers({"silent:1", "server:2"});
    settings.upstream.connect_timeout = 3s;
    relayed r(settings);
    r.net.host("silent");
    r.net.partition({"relay"}, {"silent"});
    const auto two = r.listen(named("2"), "*:2");
    CHECK(answer(r) == "2");
    CHECK(r.elapsed() == 3s);
}

TEST_CASE("relay: where no server can be connected to the client is reset, and the log says why")
{
    rill::log::capture log;
    auto settings = to_servers({"server:1", "server:2", "server:3"});
    settings.upstream.tries = 2;
    relayed r(settings);
    CHECK(answer(r) == " reset");
    CHECK(r.service.so_far().not_connected.get() == 1);
    const std::string line = log.expect("no server could be connected to");
    CHECK(line.find("server:1") != std::string::npos);
    CHECK(line.find("server:2") != std::string::npos);
    CHECK(line.find("server:3") == std::string::npos);
    log.expect_nothing_else();
    CHECK(answer(r) == " reset"); // and is told of once a minute
    log.expect_nothing_else();
    for (const relay::upstream& u : r.service.servers().all())
        CHECK(u.active() == 0);
}

TEST_CASE("relay: a client that is cancelled while a server is connected to leaves nothing behind")
{
    relayed r(to_servers({"silent:1"}));
    r.net.host("silent");
    r.net.partition({"relay"}, {"silent"});
    r.run([&]() -> awaitable<void> {
        rill::stream s = co_await r.connect();
        co_await rill::sleep(1s);
        CHECK(r.service.servers().all().front().active() == 1);
        co_await r.relaying.drain(0s);
        CHECK(co_await all_of(s) == " reset");
    });
    CHECK(r.service.servers().all().front().active() == 0);
    CHECK(r.service.servers().all().front().failed() == 0);
}

} // namespace
