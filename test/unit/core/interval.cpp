// SPDX-License-Identifier: BSL-1.0
#include <support/loop.hpp>

#include <rill/interval.hpp>
#include <rill/sleep.hpp>
#include <rill/task.hpp>

#include <stdexcept>
#include <vector>

namespace {

using rill::awaitable;
using rill::missed_ticks;
using namespace std::chrono_literals;

/// Seconds from the start of the loop at which ticks of 10 s are taken, and those for which they
/// were due. The second one is taken 25 s late.
struct ticking {
    std::vector<long> taken;
    std::vector<long> due;

    explicit ticking(missed_ticks missed)
    {
        test::loop loop;
        const auto begin = loop.now();
        const auto seconds = [&](rill::time_point t) {
            return static_cast<long>((t - begin) / 1s);
        };
        loop.run([&]() -> awaitable<void> {
            rill::interval ticks(10s, missed);
            for (int i = 0; i < 6; ++i) {
                due.push_back(seconds(co_await ticks.tick()));
                taken.push_back(seconds(loop.now()));
                if (i == 0)
                    co_await rill::sleep(35s);
            }
        });
    }
};

} // namespace

TEST_CASE("interval: the first tick comes at once, and the others at even distances")
{
    test::loop loop;
    const auto begin = loop.now();
    loop.run([&]() -> awaitable<void> {
        rill::interval ticks(10s);
        CHECK(co_await ticks.tick() == begin);
        for (int i = 1; i < 4; ++i) {
            co_await rill::sleep(9s); // work that is shorter than the period
            CHECK(co_await ticks.tick() == begin + i * 10s);
            CHECK(loop.now() == begin + i * 10s);
        }
    });
}

TEST_CASE("interval: skip leaves out the ticks that were missed, and keeps the rhythm")
{
    const ticking t(missed_ticks::skip);
    CHECK(t.taken == std::vector<long>{0, 35, 40, 50, 60, 70});
    CHECK(t.due == std::vector<long>{0, 10, 40, 50, 60, 70});
}

TEST_CASE("interval: delay goes on a period after the late tick")
{
    const ticking t(missed_ticks::delay);
    CHECK(t.taken == std::vector<long>{0, 35, 45, 55, 65, 75});
    CHECK(t.due == std::vector<long>{0, 10, 45, 55, 65, 75});
}

TEST_CASE("interval: burst gives each tick that was missed, until it has caught up")
{
    const ticking t(missed_ticks::burst);
    CHECK(t.taken == std::vector<long>{0, 35, 35, 35, 40, 50});
    CHECK(t.due == std::vector<long>{0, 10, 20, 30, 40, 50});
}

TEST_CASE("interval: a tick exactly one period late has missed none")
{
    test::loop loop;
    const auto begin = loop.now();
    loop.run([&]() -> awaitable<void> {
        for (const auto missed : {missed_ticks::skip, missed_ticks::burst}) {
            const auto first = loop.now();
            rill::interval ticks(10s, missed);
            co_await ticks.tick();
            co_await rill::sleep(19s);
            CHECK(co_await ticks.tick() == first + 10s);
            CHECK(co_await ticks.tick() == first + 20s);
        }
    });
    CHECK(loop.now() == begin + 40s);
}

TEST_CASE("interval: a cancelled tick is still to come, and others run between ticks that are late")
{
    test::loop loop;
    const auto begin = loop.now();
    rill::interval ticks(begin + 5s, 10s, missed_ticks::burst);
    auto cancelled = loop.spawn(ticks.tick());
    loop.advance(3s);
    cancelled.cancel();
    loop.settle();
    REQUIRE(cancelled.cancelled());
    loop.run([&]() -> awaitable<void> {
        CHECK(co_await ticks.tick() == begin + 5s);
        co_await rill::sleep(60s);
        bool turned = false;
        rill::this_loop().call_soon([&] { turned = true; });
        co_await ticks.tick();
        CHECK(turned);
    });
}

TEST_CASE("interval: reset moves the next tick to a period from now")
{
    test::loop loop;
    const auto begin = loop.now();
    loop.run([&]() -> awaitable<void> {
        rill::interval ticks(10s);
        co_await ticks.tick();
        co_await rill::sleep(7s);
        ticks.reset();
        CHECK(co_await ticks.tick() == begin + 17s);
        CHECK(co_await ticks.tick() == begin + 27s);
    });
}

TEST_CASE(
    "interval: a period that is not above zero is refused, and one without end never ticks again"
)
{
    CHECK_THROWS_AS(rill::interval(0s), std::invalid_argument);
    CHECK_THROWS_AS(static_cast<void>(rill::every(-1s, [] {})), std::invalid_argument);
    CHECK_THROWS_AS(rill::interval(1s).reset(), std::logic_error);
    test::loop loop;
    int runs = 0;
    auto task = loop.spawn(rill::every(rill::forever, [&] { ++runs; }));
    loop.advance(24h);
    CHECK(runs == 1);
    task.cancel();
}

TEST_CASE(
    "every: runs a function or a coroutine at each tick, never twice at a time, until it throws"
)
{
    test::loop loop;
    const auto begin = loop.now();
    std::vector<long> starts;
    auto task = loop.spawn(rill::every(10s, [&]() -> awaitable<void> {
        starts.push_back(static_cast<long>((loop.now() - begin) / 1s));
        co_await rill::sleep(starts.size() == 2 ? 12s : 1s);
        if (starts.size() == 4)
            throw std::runtime_error("no more");
    }));
    loop.advance(100s);
    REQUIRE(task.done());
    CHECK(starts == std::vector<long>{0, 10, 22, 30});
    CHECK(test::text_of(task.exception()) == "no more");

    int calls = 0;
    auto plain = loop.spawn(rill::every(10s, [&] { ++calls; }));
    loop.advance(35s);
    CHECK(calls == 4);
    plain.cancel();
    loop.settle();
    CHECK(plain.cancelled());
}
