// SPDX-License-Identifier: BSL-1.0
#include <rill/run.hpp>
#include <rill/signals.hpp>
#include <rill/timeout.hpp>

#include <boost/asio/deferred.hpp>

#include <doctest/doctest.h>

#include <csignal>

namespace {

using rill::awaitable;
using namespace std::chrono_literals;

TEST_CASE("signals: next() gives the signals that came, also those that came before it was called")
{
    rill::run([]() -> awaitable<void> {
        rill::signals wanted(SIGUSR1, SIGUSR2);
        std::raise(SIGUSR2);
        CHECK(co_await rill::timeout(10s, wanted.next()) == SIGUSR2);
        std::raise(SIGUSR1);
        CHECK(co_await rill::timeout(10s, wanted.next()) == SIGUSR1);
    });
}

TEST_CASE("signals: a cancelled next() takes nothing: the signal comes with the next one")
{
    rill::run([]() -> awaitable<void> {
        rill::signals wanted(SIGUSR1);
        auto waiter = rill::create_task(wanted.next());
        co_await rill::yield();
        waiter.cancel();
        co_await waiter.async_wait(rill::asio::deferred);
        CHECK(waiter.cancelled());
        std::raise(SIGUSR1);
        CHECK(co_await rill::timeout(10s, wanted.next()) == SIGUSR1);
    });
}

} // namespace
