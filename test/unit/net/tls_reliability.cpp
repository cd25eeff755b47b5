// SPDX-License-Identifier: BSL-1.0
//
// What is left of TLS connections that come, go, stall and break.
#include "tls_hosts.hpp"
#include <support/held_bytes.hpp>

#include <rill/sleep.hpp>
#include <rill/task_group.hpp>

#include <doctest/doctest.h>

#include <chrono>
#include <cstddef>
#include <exception>
#include <functional>
#include <string>
#include <utility>
#include <vector>

namespace {

using namespace std::chrono_literals;
using rill::awaitable;
using test::echoed;
using hosts = test::tls_hosts;
namespace error = boost::asio::error;

TEST_CASE("R2: TLS connections come and go by the hundred, and nothing of them stays")
{
    constexpr int count = test::sanitized ? 100 : 1000;
    hosts n;
    const auto server = n.serve(test::echo_back);
    const auto come_and_go = [&](int times) {
        n.run([&]() -> awaitable<void> {
            for (int i = 0; i < times; ++i) {
                rill::stream s = co_await n.connect();
                CHECK(co_await echoed(s, "x") == "x");
            }
        });
        n.loop.advance(1min);
    };
    come_and_go(count / 2);
    const test::growth since;
    come_and_go(count / 2);
    CHECK(since.bytes() < 20'000);
    CHECK(server.connections() == 0);
}

TEST_CASE("R4: a TLS peer that does not read is cut after the write stall, the rest is bounded")
{
    hosts n;
    rill::error_code why;
    rill::duration stalled{};
    const auto flood = [&](rill::stream s) -> awaitable<void> {
        const std::string piece(16 * 1024, 'f');
        auto last = rill::this_loop().time();
        try {
            for (;;) {
                s.writer().write(piece);
                co_await s.writer().drain();
                last = rill::this_loop().time();
            }
        } catch (const rill::system_error& e) {
            why = e.code();
            stalled = rill::this_loop().time() - last;
        }
    };
    rill::server_options options;
    options.write_stall(10s);
    const auto server = n.serve(flood, options);
    n.run([&]() -> awaitable<void> {
        rill::stream silent = co_await n.connect();
        const test::growth since;
        co_await rill::sleep(9s);
        CHECK(server.connections() == 1);
        CHECK(since.bytes() < 512 * 1024); // with 128 KiB in the simulated network
        co_await rill::sleep(2s);
        CHECK(server.connections() == 0);
    });
    CHECK(why == error::timed_out);
    CHECK(stalled == 10s);
}

/// A way from the host "middle" to the server that breaks after so many bytes of one direction.
class breaking_way {
public:
    breaking_way(std::size_t to_server, std::size_t to_client)
        : to_server_(to_server)
        , to_client_(to_client)
    {}

    bool broken() const noexcept { return broken_; }

    awaitable<void> operator()(rill::stream client)
    {
        rill::stream server = co_await rill::open_connection("server", 7);
        try {
            co_await rill::with_task_group([&](rill::task_group& g) -> awaitable<void> {
                g.create_task(pass(client, server, to_server_));
                g.create_task(pass(server, client, to_client_));
                co_return;
            });
        } catch (const std::exception&) { // one of the ends has gone
        }
    }

private:
    awaitable<void> pass(rill::stream& from, rill::stream& to, std::size_t left)
    {
        while (left > 0) {
            const std::string some = co_await from.reader().read(left);
            if (some.empty()) {
                to.writer().write_eof();
                co_return;
            }
            to.writer().write(some);
            co_await to.writer().drain();
            left -= some.size();
        }
        broken_ = true;
        from.abort();
        to.abort();
    }

    std::size_t to_server_;
    std::size_t to_client_;
    bool broken_ = false;
};

/// Breaks a conversation after each number of bytes that one direction has of it.
void break_everywhere(bool of_client)
{
    constexpr std::size_t whole = 1'000'000;
    constexpr std::size_t step = test::sanitized ? 13 : 1;
    hosts n;
    n.client_side.resumption(false); // each handshake in full
    const auto server = n.serve([](rill::stream s) -> awaitable<void> {
        co_await test::error_of(test::echo_back(std::move(s)));
    });
    n.run([&]() -> awaitable<void> {
        rill::stream other = co_await n.connect();
        std::size_t at = 1;
        for (bool broken = true; broken; at += step) {
            breaking_way way(of_client ? at : whole, of_client ? whole : at);
            {
                const auto middle = n.net.host("middle").enter();
                rill::server between(std::ref(way), rill::listen_address::parse("*:7"));
                const auto here = n.client.enter();
                const auto talk = [&]() -> awaitable<void> {
                    rill::stream s = co_await rill::open_connection("middle", 7);
                    co_await s.start_tls(n.client_side, "server");
                    const std::string answer = co_await echoed(s, "hello");
                    CHECK(answer == "hello");
                    s.close();
                    co_await s.writer().wait_closed();
                };
                const rill::error_code ec = co_await test::error_of(talk());
                CHECK((!ec || way.broken()));
                between.close();
                co_await between.wait_closed();
            }
            broken = way.broken();
            if (at % 50 == 0)
                CHECK(co_await echoed(other, "still here") == "still here");
        }
        CHECK(at > 200); // it was broken within the handshake, and after it
        CHECK(co_await echoed(other, "still here") == "still here");
        co_await rill::sleep(1min);
        CHECK(server.connections() == 1);
    });
    CHECK(server.statistics().handler_errors == 0);
    CHECK(n.loop.reported().empty());
}

TEST_CASE("R7: a connection that breaks at any byte of the client's hurts no other one")
{
    break_everywhere(true);
}

TEST_CASE("R7: a connection that breaks at any byte of the server's hurts no other one")
{
    break_everywhere(false);
}

TEST_CASE("R13: certificates are replaced while clients come and go, and none of them notices")
{
    hosts n;
    const auto server = n.serve(test::echo_back);
    n.run([&]() -> awaitable<void> {
        bool over = false;
        int served = 0;
        co_await rill::with_task_group([&](rill::task_group& g) -> awaitable<void> {
            const auto come_and_go = [&]() -> awaitable<void> {
                while (!over) {
                    rill::stream s = co_await n.connect();
                    CHECK(co_await echoed(s, "x") == "x");
                    ++served;
                    co_await rill::sleep(1ms);
                }
            };
            for (int i = 0; i < 4; ++i)
                g.create_task(come_and_go);
            for (int i = 0; i < 20; ++i) {
                co_await rill::sleep(3ms);
                n.authority.issue_local();
                n.server_side.reload();
            }
            over = true;
        });
        CHECK(served > 20);
    });
    CHECK(server.statistics().handshake_errors == 0);
    CHECK(server.statistics().handler_errors == 0);
}

} // namespace
