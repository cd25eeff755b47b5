// SPDX-License-Identifier: BSL-1.0
//
// A program of its own, since it replaces the functions that allocate: what connecting and
// handshakes make of a lack of memory. (OpenSSL's own does not fail: it has functions of its own.)
#include "tls_hosts.hpp"

#include <rill/exception_group.hpp>
#include <rill/run.hpp>
#include <rill/task_group.hpp>
#include <rill/testing/failing_allocations.hpp>
#include <rill/testing/stream_pair.hpp>
#include <rill/timeout.hpp>

#include <doctest/doctest.h>

#include <chrono>
#include <exception>
#include <memory>
#include <new>
#include <string>

namespace {

using namespace std::chrono_literals;
using rill::awaitable;

/// Whether `error` is a lack of memory here, or what comes of one elsewhere: a connection's end.
bool is_want_or_end(const std::exception_ptr& error)
{
    try {
        std::rethrow_exception(error);
    } catch (const std::bad_alloc&) {
        return true;
    } catch (const rill::system_error&) {
        return true;
    } catch (const rill::exception_group& group) {
        for (const std::exception_ptr& e : group.exceptions())
            if (!is_want_or_end(e))
                return false;
        return true;
    } catch (...) {
        return false;
    }
}

/// Whether `attempt()` ends as if nothing lacked. Anything but that and a want of memory is thrown.
template <class Attempt>
bool succeeds(Attempt attempt)
{
    try {
        attempt();
        return true;
    } catch (...) {
        if (!is_want_or_end(std::current_exception()))
            throw;
        return false;
    }
}

template <class Attempt>
void at_every_allocation(Attempt attempt)
{
    REQUIRE(succeeds(attempt));
    const auto n = rill::testing::at_every_allocation([&] { succeeds(attempt); });
    CHECK(n > 50);
}

TEST_CASE("lack of memory: a TLS handshake fails or succeeds, and nothing is lost")
{
    test::tls_authority authority;
    const test::tls_files files = authority.issue_local();
    auto server_side = rill::tls_context::server(files.certificate, files.key);
    server_side.resumption(false); // the client's context would keep the session
    const auto client_side = rill::tls_context::client().trust(authority.file());
    at_every_allocation([&] {
        rill::testing::loop loop;
        auto pair = rill::testing::stream_pair(loop.executor());
        const auto answer = [&]() -> awaitable<void> {
            co_await pair.second.start_tls(server_side);
            pair.second.writer().write(co_await pair.second.reader().read_line());
            co_await pair.second.writer().drain();
        };
        const auto both = [&](rill::task_group& g) -> awaitable<void> {
            g.create_task(answer());
            co_await pair.first.start_tls(client_side, "server");
            pair.first.writer().write("hello\n");
            const std::string line = co_await pair.first.reader().read_line();
            CHECK(line == "hello\n");
        };
        loop.run([&]() -> awaitable<void> { co_await rill::with_task_group(both); });
    });
}

TEST_CASE("lack of memory: connecting by name fails or succeeds, and a server serves the next one")
{
    test::tls_authority authority;
    const test::tls_files files = authority.issue_local();
    auto server_side = rill::tls_context::server(files.certificate, files.key);
    server_side.resumption(false);
    const auto options = rill::server_options().tls(server_side);
    const auto secured =
        rill::connect_options().tls(rill::tls_context::client().trust(authority.file()));
    unsigned short port = 0;
    const auto ask = [&]() -> awaitable<void> {
        rill::stream s = co_await rill::open_connection("localhost", port, secured);
        const std::string answer = co_await test::echoed(s, "hello");
        CHECK(answer == "hello");
    };
    const auto serve_while = [&](const auto& clients) {
        rill::run([&]() -> awaitable<void> { // on the system's sockets, which have memory
            rill::this_loop().set_exception_handler([](const rill::exception_context&) {});
            const rill::server server(
                test::echo_back, rill::listen_address::parse("127.0.0.1:0"), options
            );
            port = rill::port_of(server.local_endpoint());
            co_await rill::timeout(20s, clients());
        });
    };
    serve_while([&]() -> awaitable<void> { // so that memory for as many is kept for reuse
        co_await rill::with_task_group([&](rill::task_group& g) -> awaitable<void> {
            for (int i = 0; i < 4; ++i)
                g.create_task(ask);
            co_return;
        });
    });
    at_every_allocation([&] {
        serve_while([&]() -> awaitable<void> {
            std::exception_ptr first;
            try {
                co_await ask();
            } catch (...) {
                first = std::current_exception();
            }
            if (first && !is_want_or_end(first))
                std::rethrow_exception(first);
            if (first) // at most one allocation fails
                co_await ask();
        });
    });
}

} // namespace
