// SPDX-License-Identifier: BSL-1.0
//
// How TLS connections end, and what is read and written around that.
#include "tls_hosts.hpp"

#include <rill/loop.hpp>
#include <rill/sleep.hpp>

#include <doctest/doctest.h>
#include <openssl/ssl.h>

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <utility>

namespace {

using namespace std::chrono_literals;
using rill::awaitable;
using rill::tls_context;
using rill::tls_errc;
using test::echoed;
using hosts = test::tls_hosts;
namespace error = boost::asio::error;

TEST_CASE("TLS-12, TLS-13: a close flushes, says so to the peer, and waits for his answer")
{
    hosts n;
    const std::string text(300'000, 'x');
    std::string seen;
    const auto server =
        n.serve([&](rill::stream s) -> awaitable<void> { seen = co_await s.reader().read_all(); });
    n.run([&]() -> awaitable<void> {
        rill::stream s = co_await n.connect();
        s.writer().write(text);
        s.close();
        co_await s.writer().wait_closed();
    });
    CHECK(seen == text);
}

TEST_CASE("TLS-12: a peer that does not answer the end is cut after the limit")
{
    hosts n;
    n.client_side.shutdown_timeout(7s);
    test::keeper held;
    const auto server = n.serve(held.handler());
    n.run([&]() -> awaitable<void> {
        rill::stream s = co_await n.connect();
        co_await rill::sleep(1s);
        const auto begun = rill::this_loop().time();
        s.close();
        CHECK(co_await test::error_of(s.writer().wait_closed()) == error::timed_out);
        CHECK(rill::this_loop().time() - begun == 7s);
    });
}

TEST_CASE("TLS-14: after the peer's end what is written still reaches him")
{
    hosts n;
    const auto server = n.serve([](rill::stream s) -> awaitable<void> {
        s.writer().write("you said " + co_await s.reader().read_all());
        co_await s.writer().drain();
    });
    // OpenSSL itself, since a stream of ours reads no more once it is closed.
    CHECK(n.run([&]() -> awaitable<std::string> {
        rill::stream s = co_await n.connect();
        s.writer().write("all of it");
        co_await s.writer().drain();
        SSL_shutdown(s.tls()->native_handle());
        co_return co_await s.reader().read_all();
    }) == "you said all of it");
}

TEST_CASE("TLS-18: over TLS 1.3 the end of what is written is told alone, and the answer is read")
{
    hosts n;
    std::string seen;
    const auto server = n.serve([&](rill::stream s) -> awaitable<void> {
        seen = co_await s.reader().read_all();
        co_await rill::sleep(10s);
        s.writer().write(std::string(300'000, 'x'));
    });
    n.run([&]() -> awaitable<void> {
        rill::stream s = co_await n.connect();
        REQUIRE(s.writer().can_write_eof());
        const std::string large(300'000, 'y');
        s.writer().write(large);
        s.writer().write_eof();
        CHECK((co_await s.reader().read_all()).size() == 300'000);
        CHECK((seen == large));
        s.close();
        co_await s.writer().wait_closed();
    });
    CHECK(server.connections() == 0);
}

TEST_CASE("TLS-18: over TLS 1.2 nothing is closed for writing alone")
{
    hosts n;
    const auto server = n.serve(test::echo_back);
    n.run([&]() -> awaitable<void> {
        rill::stream s = co_await rill::open_connection("server", 7);
        SSL_CTX* const old = SSL_CTX_new(TLS_client_method());
        SSL_CTX_set_max_proto_version(old, TLS1_2_VERSION);
        co_await s.start_tls(tls_context::client(old), "server");
        SSL_CTX_free(old);
        CHECK_FALSE(s.writer().can_write_eof());
        CHECK_THROWS_AS(s.writer().write_eof(), std::logic_error);
        CHECK(co_await echoed(s, "x") == "x");
    });
}

TEST_CASE("TLS-25, BY-55: an end without close_notify is truncated, unless that is tolerated")
{
    hosts n;
    bool tolerated = false;
    SUBCASE("an error") {}
    SUBCASE("tolerated")
    {
        tolerated = true;
        n.client_side.tolerate_truncation();
    }
    const auto server = n.serve([](rill::stream s) -> awaitable<void> {
        s.writer().write("half of it");
        co_await s.writer().drain();
        co_await rill::sleep(1s);
        boost::system::error_code ignored;
        s.socket().close(ignored); // as somebody on the way would
    });
    n.run([&]() -> awaitable<void> {
        rill::stream s = co_await n.connect();
        CHECK(co_await s.reader().read_exactly(10) == "half of it");
        const auto ec = co_await test::error_of(s.reader().read(1));
        CHECK(ec == (tolerated ? rill::error_code() : rill::error_code(tls_errc::truncated)));
    });
}

TEST_CASE("TLS-15: after its own close a side hears nothing more, and what it writes is dropped")
{
    hosts n;
    const auto server = n.serve([&](rill::stream s) -> awaitable<void> {
        co_await s.reader().read_exactly(1);
        for (int i = 0; i < 100; ++i)
            s.writer().write(std::string(10'000, 'x')); // nobody reads it any more
    });
    n.run([&]() -> awaitable<void> {
        rill::stream s = co_await n.connect();
        s.writer().write("x");
        co_await s.writer().drain();
        s.close();
        s.writer().write("too late");
        CHECK(co_await test::error_of(s.writer().drain()) == error::connection_reset);
        co_await s.writer().wait_closed();
        CHECK((co_await s.reader().read_all()).empty());
    });
    CHECK(n.loop.reported().empty());
    CHECK(server.connections() == 0);
}

TEST_CASE(
    "TLS-16: what has come before the connection is lost is read, and then the error, each time"
)
{
    hosts n;
    test::keeper kept;
    const auto server = n.serve(kept.handler());
    n.run([&]() -> awaitable<void> {
        rill::stream s = co_await n.connect();
        co_await rill::sleep(1s);
        kept.streams.front().writer().write(std::string(20'000, 'x')); // more than a record
        co_await kept.streams.front().writer().drain();
        CHECK((co_await s.reader().read_exactly(10)).size() == 10);
        co_await rill::sleep(1s);
        kept.streams.front().abort();
        co_await rill::sleep(1s);
        std::size_t got = 10;
        rill::error_code lost;
        while (!lost)
            lost = co_await test::error_of([&]() -> awaitable<void> {
                const std::string some = co_await s.reader().read(1000);
                REQUIRE_FALSE(some.empty()); // that would be a good end
                got += some.size();
            }());
        CHECK(lost == error::connection_reset);
        CHECK(got <= 20'000);
        CHECK(co_await test::error_of(s.reader().read(1)) == lost);
    });
}

TEST_CASE("TLS-19: a side that does not read holds the other up, and keeps no more than its limit")
{
    hosts n;
    std::size_t unsent = 0;
    const auto server = n.serve([&](rill::stream s) -> awaitable<void> {
        s.writer().options().write_stall(rill::forever);
        s.writer().write(std::string(10'000'000, 'x'));
        co_await rill::sleep(10s);
        unsent = s.writer().buffered();
        co_await s.writer().drain();
    });
    n.run([&]() -> awaitable<void> {
        rill::stream s = co_await n.connect();
        CHECK((co_await s.reader().read_exactly(1)).size() == 1);
        co_await rill::sleep(20s);
        CHECK(unsent > 9'000'000);
        CHECK(s.reader().buffered().size() <= 2 * rill::stream_reader::default_limit);
        CHECK((co_await s.reader().read_exactly(9'999'999)).size() == 9'999'999);
    });
}

TEST_CASE("TLS-20: what comes together with the end of the handshake is read without anything else")
{
    hosts n;
    n.net.defaults().latency(50ms).segment(16'384, 16'384);
    const auto server = n.serve([](rill::stream s) -> awaitable<void> {
        s.writer().write("welcome");
        co_await s.reader().read_all(); // says nothing more
    });
    n.run([&]() -> awaitable<void> {
        rill::stream s = co_await n.connect();
        const auto begun = rill::this_loop().time();
        CHECK(co_await s.reader().read_exactly(7) == "welcome");
        CHECK(rill::this_loop().time() - begun <= 100ms);
    });
}

TEST_CASE("TLS-21: reads of a few bytes get all of every record")
{
    hosts n;
    const auto server = n.serve(test::echo_back);
    n.run([&]() -> awaitable<void> {
        rill::stream s = co_await n.connect();
        std::string text;
        for (int i = 0; i < 10'000; ++i)
            text += std::to_string(i);
        s.writer().write(text);
        std::string got;
        for (std::size_t size = 1; got.size() < text.size(); size = size % 7 + 1)
            got += co_await s.reader().read(size);
        CHECK((got == text));
    });
}

TEST_CASE("TLS-06, SRV-24: a handshake that fails runs no handler, and hurts no other connection")
{
    hosts n;
    int handled = 0;
    const auto server = n.serve([&](rill::stream s) -> awaitable<void> {
        ++handled;
        co_await test::echo_back(std::move(s));
    });
    n.run([&]() -> awaitable<void> {
        rill::stream good = co_await n.connect();
        rill::stream bad = co_await rill::open_connection("server", 7);
        bad.writer().write("this is no hello");
        bad.writer().write_eof();
        co_await test::error_of(bad.reader().read_all());
        CHECK(co_await echoed(good, "x") == "x");
        rill::stream next = co_await n.connect();
        CHECK(co_await echoed(next, "y") == "y");
    });
    CHECK(handled == 2);
    CHECK(server.statistics().handshake_errors == 1);
    CHECK(n.loop.reported().empty());
}

} // namespace
