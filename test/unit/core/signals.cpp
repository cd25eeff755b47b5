// SPDX-License-Identifier: BSL-1.0
#include <rill/run.hpp>
#include <rill/signals.hpp>
#include <rill/timeout.hpp>

#include <boost/asio/deferred.hpp>
#include <boost/asio/thread_pool.hpp>

#include <doctest/doctest.h>

#include <array>
#include <csignal>
#include <future>
#include <memory>
#include <optional>

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

TEST_CASE("signals: waits that are left, or begin, when they are destroyed are aborted")
{
    rill::run([]() -> awaitable<void> {
        auto wanted = std::make_unique<rill::signals>(SIGUSR1);
        auto waiting = rill::create_task(wanted->next());
        co_await rill::yield();
        auto about_to = rill::create_task(wanted->next());
        wanted.reset();
        co_await waiting.async_wait(rill::asio::deferred);
        co_await about_to.async_wait(rill::asio::deferred);
        CHECK(rill::is_cancellation(waiting.exception()));
        CHECK(rill::is_cancellation(about_to.exception()));
    });
}

TEST_CASE("signals: they may outlive their loop, whose end gives them back")
{
    std::optional<rill::signals> wanted;
    rill::run([&]() -> awaitable<void> {
        wanted.emplace(SIGUSR1, SIGUSR2);
        rill::create_task(wanted->next());
        co_await rill::yield();
    });
    struct sigaction now{};
    REQUIRE(::sigaction(SIGUSR1, nullptr, &now) == 0);
    const bool is_default = now.sa_handler == SIG_DFL;
    CHECK(is_default);
    CHECK_THROWS_AS(rill::run(wanted->next()), std::logic_error);
    wanted.reset();
}

TEST_CASE("signals: on a context that is no loop they may outlive it as well")
{
    constexpr std::array numbers{SIGUSR1};
    std::optional<rill::signals> wanted;
    rill::asio::thread_pool pool(1);
    wanted.emplace(pool.get_executor(), numbers);
    std::promise<int> came;
    wanted->async_next([&](rill::error_code, int number) { came.set_value(number); });
    std::raise(SIGUSR1);
    CHECK(came.get_future().get() == SIGUSR1);
    std::optional<rill::asio::io_context> io(std::in_place);
    rill::signals of_context(io->get_executor(), numbers);
    io.reset();
    const auto ignore = [](rill::error_code, int) {};
    CHECK_THROWS_AS(of_context.async_next(ignore), std::logic_error);
}

} // namespace
