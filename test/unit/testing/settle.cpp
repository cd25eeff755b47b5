// SPDX-License-Identifier: BSL-1.0
#include <rill/event.hpp>
#include <rill/run.hpp>
#include <rill/sleep.hpp>
#include <rill/testing/run.hpp>
#include <rill/timeout.hpp>

#include <doctest/doctest.h>

#include <string>

namespace {

namespace testing = rill::testing;
using rill::awaitable;
using namespace std::chrono_literals;

} // namespace

TEST_CASE("BY-29: settle returns when all others are blocked, before the clock jumps")
{
    testing::run([]() -> awaitable<void> {
        const rill::time_point start = rill::this_loop().time();
        int steps = 0;
        const auto busy = [&]() -> awaitable<void> {
            for (; steps < 100; ++steps)
                co_await rill::yield();
            co_await rill::sleep(1h);
            steps = 1000;
        };
        auto task = rill::create_task(busy);
        co_await testing::settle();
        CHECK(steps == 100);
        CHECK(rill::this_loop().time() == start);
        co_await rill::wait_for(task, 2h);
        CHECK(steps == 1000);
    });
}

TEST_CASE("BY-29: with a cushion all others stay blocked for so long, however often they wake")
{
    testing::run([]() -> awaitable<void> {
        int ticks = 0;
        const auto tick = [&]() -> awaitable<void> {
            for (; ticks < 5; ++ticks)
                co_await rill::sleep(1s);
        };
        const auto task = rill::create_task(tick);
        co_await testing::settle(500ms);
        CHECK(ticks == 0);
        co_await testing::settle(1500ms);
        CHECK(ticks == 5);
        CHECK(task.done());
    });
}

TEST_CASE("BY-29: of several who wait, those with the shortest cushion go first")
{
    testing::run([]() -> awaitable<void> {
        std::string order;
        const auto wait = [&](rill::duration cushion, char name) -> awaitable<void> {
            co_await testing::settle(cushion);
            order += name;
        };
        const auto a = rill::create_task(wait(2s, 'a'));
        const auto b = rill::create_task(wait(0s, 'b'));
        const auto c = rill::create_task(wait(1s, 'c'));
        const auto d = rill::create_task(wait(0s, 'd'));
        co_await rill::sleep(1h);
        CHECK(order == "bdca");
    });
}

TEST_CASE("BY-29: one that was cancelled counts no more")
{
    testing::run([]() -> awaitable<void> {
        auto cancelled = rill::create_task(testing::settle());
        co_await rill::yield();
        cancelled.cancel();
        co_await testing::settle();
        CHECK(cancelled.cancelled());
    });
}

TEST_CASE("settle: elsewhere than on a testing loop it is refused")
{
    CHECK_THROWS_AS(rill::run(testing::settle()), std::logic_error);
}

TEST_CASE("settle: a loop may end while tasks wait in it")
{
    testing::loop loop;
    for (const rill::duration cushion : {rill::duration(0s), rill::duration(1h)})
        loop.spawn(testing::settle(cushion));
    loop.settle();
    CHECK(loop.leftovers().size() == 2);
}
