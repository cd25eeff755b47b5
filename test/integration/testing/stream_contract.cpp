// SPDX-License-Identifier: BSL-1.0

// One contract for streams of the system's and of the test kit's, in the clear and with TLS.

#include <support/network.hpp>
#include <support/stream_contract.hpp>
#include <support/tls_authority.hpp>

#include <rill/event.hpp>
#include <rill/run.hpp>
#include <rill/testing/stream_pair.hpp>
#include <rill/timeout.hpp>

#include <sys/socket.h>

#include <chrono>
#include <functional>

namespace {

using namespace std::chrono_literals;
using rill::awaitable;

using promise = std::function<awaitable<void>(rill::stream&, rill::stream&)>;

awaitable<void> try_both_ends(const promise& p, rill::stream& a, rill::stream& b, bool first)
{
    return first ? p(a, b) : p(b, a);
}

struct tcp {
    static void keeps(promise p)
    {
        for (const bool first : {true, false}) {
            const auto main = [&]() -> awaitable<void> {
                test::keeper held;
                rill::event accepted(co_await boost::asio::this_coro::executor);
                const auto keep = held.handler();
                const auto accept = [&](rill::stream s) -> awaitable<void> {
                    co_await keep(std::move(s));
                    accepted.set();
                };
                rill::server server(accept, rill::listen_address::parse("127.0.0.1:0"));
                const auto port = rill::port_of(server.local_endpoint());
                rill::stream near = co_await rill::open_connection("127.0.0.1", port);
                co_await accepted.wait();
                co_await try_both_ends(p, near, held.streams.front(), first);
            };
            rill::run([&]() -> awaitable<void> { co_await rill::timeout(60s, main()); });
        }
    }
};

struct unix_pair {
    static void keeps(promise p)
    {
        const auto main = [&]() -> awaitable<void> {
            int fds[2];
            REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) == 0);
            const auto ex = rill::this_loop().get_executor();
            const rill::stream_protocol protocol(AF_UNIX, 0);
            rill::stream a(rill::stream_socket(ex, protocol, fds[0]));
            rill::stream b(rill::stream_socket(ex, protocol, fds[1]));
            co_await p(a, b);
        };
        rill::run([&]() -> awaitable<void> { co_await rill::timeout(60s, main()); });
    }
};

void keeps_in_memory(promise p, std::size_t capacity)
{
    test::loop loop;
    rill::testing::pair_options options;
    options.capacity(capacity);
    auto pair = rill::testing::stream_pair(loop.executor(), options);
    loop.run([&]() -> awaitable<void> { co_await p(pair.first, pair.second); });
}

struct memory {
    static void keeps(promise p) { keeps_in_memory(p, 64 * 1024); }
};

struct lock_step {
    static void keeps(promise p) { keeps_in_memory(p, 0); }
};

struct network {
    static void keeps(promise p)
    {
        for (const bool first : {true, false}) {
            test::two_hosts n;
            n.net.defaults().latency(10ms).jitter(5ms).loss(0.01);
            test::keeper held;
            const auto server = n.listen(held.handler());
            rill::stream near = n.run([]() -> awaitable<rill::stream> {
                return rill::open_connection("server", 7);
            });
            n.loop.advance(1s);
            REQUIRE(held.streams.size() == 1);
            n.run([&]() -> awaitable<void> {
                co_await try_both_ends(p, near, held.streams.front(), first);
            });
        }
    }
};

/// The same after a handshake.
template <class Kind>
struct tls_over {
    static void keeps(promise p)
    {
        static test::tls_authority authority;
        static const test::tls_files files = authority.issue_local();
        const auto here = rill::tls_context::client().trust(authority.file());
        const auto there = rill::tls_context::server(files.certificate, files.key);
        Kind::keeps([&](rill::stream& a, rill::stream& b) -> awaitable<void> {
            const auto answering = rill::create_task(b.start_tls(there));
            co_await a.start_tls(here, "localhost");
            co_await answering;
            co_await p(a, b);
        });
    }
};

} // namespace

TYPE_TO_STRING(tcp);
TYPE_TO_STRING(unix_pair);
TYPE_TO_STRING(memory);
TYPE_TO_STRING(lock_step);
TYPE_TO_STRING(network);
TYPE_TO_STRING(tls_over<tcp>);
TYPE_TO_STRING(tls_over<unix_pair>);
TYPE_TO_STRING(tls_over<memory>);
TYPE_TO_STRING(tls_over<network>);

// TLS has no end for one direction, and a peer that has closed listens until it is answered.
#define EACH_PLAIN_KIND tcp, unix_pair, memory, lock_step, network
#define EACH_KIND                                                                                  \
    EACH_PLAIN_KIND, tls_over<tcp>, tls_over<unix_pair>, tls_over<memory>, tls_over<network>

namespace {

namespace contract = test::contract;

TEST_CASE_TEMPLATE("BY-33: both directions carry at the same time", Kind, EACH_KIND)
{
    Kind::keeps(contract::carries_both_ways_at_once);
}

TEST_CASE_TEMPLATE("BY-33: one direction can end while the other goes on", Kind, EACH_PLAIN_KIND)
{
    Kind::keeps(contract::closes_in_one_direction);
}

TEST_CASE_TEMPLATE("BY-33: a second read at once is refused, the first goes on", Kind, EACH_KIND)
{
    Kind::keeps(contract::refuses_a_second_reader);
}

TEST_CASE_TEMPLATE("BY-33: several tasks may write, each in one piece", Kind, EACH_KIND)
{
    Kind::keeps(contract::lets_several_tasks_write);
}

TEST_CASE_TEMPLATE("BY-33: after its own close a stream is closed", Kind, EACH_KIND)
{
    Kind::keeps(contract::is_closed_after_its_own_close);
}

TEST_CASE_TEMPLATE("BY-33: after the peer's close a stream is broken", Kind, EACH_PLAIN_KIND)
{
    Kind::keeps(contract::is_broken_after_the_peers_close);
}

TEST_CASE_TEMPLATE("BY-33: a close wakes a read that waits", Kind, EACH_KIND)
{
    Kind::keeps(contract::close_wakes_a_reader);
}

TEST_CASE_TEMPLATE("BY-33: an abort wakes a drain that waits", Kind, EACH_KIND)
{
    Kind::keeps(contract::abort_wakes_a_writer);
}

TEST_CASE_TEMPLATE("BY-33: a stream may be closed more than once", Kind, EACH_KIND)
{
    Kind::keeps(contract::closes_more_than_once);
}

TEST_CASE_TEMPLATE("BY-33: a close whose wait is cancelled still closes", Kind, EACH_KIND)
{
    Kind::keeps(contract::closes_though_the_wait_is_cancelled);
}

TEST_CASE_TEMPLATE("BY-33: a cancelled read loses nothing", Kind, EACH_KIND)
{
    Kind::keeps(contract::a_cancelled_read_loses_nothing);
}

TEST_CASE_TEMPLATE("BY-33: an abort is a reset for the peer", Kind, EACH_KIND)
{
    Kind::keeps(contract::an_abort_is_a_reset);
}

TEST_CASE_TEMPLATE("BY-33: a peer that does not read makes a writer wait", Kind, EACH_KIND)
{
    Kind::keeps(contract::makes_a_writer_wait);
}

TEST_CASE_TEMPLATE("BY-33: a stream that is destroyed flushes first", Kind, EACH_KIND)
{
    Kind::keeps(contract::flushes_what_was_written_when_destroyed);
}

TEST_CASE_TEMPLATE("a stream that is destroyed ends the reads that wait in it", Kind, EACH_KIND)
{
    Kind::keeps(contract::ends_reads_when_destroyed);
}

TEST_CASE_TEMPLATE("a stream that is destroyed with unsent data ends its waits", Kind, EACH_KIND)
{
    Kind::keeps(contract::ends_reads_while_it_flushes);
}

TEST_CASE_TEMPLATE("a stream knows that its peer has ended, without reading", Kind, EACH_PLAIN_KIND)
{
    Kind::keeps(contract::knows_that_its_peer_has_ended);
}

TEST_CASE_TEMPLATE("a stream knows that its peer is lost, without reading", Kind, EACH_KIND)
{
    Kind::keeps(contract::knows_that_its_peer_is_lost);
}

TEST_CASE_TEMPLATE("a read works right after a cancelled one, a thousand times", Kind, EACH_KIND)
{
    Kind::keeps(contract::reads_right_after_a_cancelled_read);
}

TEST_CASE_TEMPLATE("the peer's reset ends wait_closed, though nobody reads", Kind, EACH_KIND)
{
    Kind::keeps(contract::a_reset_ends_the_wait_for_the_close);
}

} // namespace
