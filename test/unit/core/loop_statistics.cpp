// SPDX-License-Identifier: BSL-1.0
#include <support/loop.hpp>

#include <rill/detail/watch/loop_meter.hpp>
#include <rill/event.hpp>
#include <rill/introspect.hpp>
#include <rill/loop.hpp>
#include <rill/sleep.hpp>

#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <string>
#include <thread>
#include <vector>

namespace {

using namespace std::chrono_literals;
using rill::awaitable;
namespace asio = boost::asio;

/// A meter that has seen turns of these lengths.
rill::detail::loop_meter measured(const std::vector<rill::duration>& turns)
{
    rill::detail::loop_meter meter;
    rill::time_point now{};
    for (const rill::duration d : turns) {
        meter.begin_turn(now);
        now += d;
        meter.end_turn(now);
    }
    return meter;
}

TEST_CASE("loop statistics: turns are counted by their length, in powers of two of a microsecond")
{
    const auto meter = measured({0us, 999ns, 1us, 1999ns, 2us, 3us, 4us, 1h});
    CHECK(meter.turns == 8);
    CHECK(meter.busy == 1h + 12us + 998ns);
    CHECK(meter.longest == 1h);
    CHECK(meter.histogram[0] == 2);
    CHECK(meter.histogram[1] == 2);
    CHECK(meter.histogram[2] == 2);
    CHECK(meter.histogram[3] == 1);
    CHECK(meter.histogram.back() == 1);
}

TEST_CASE("loop statistics: the lag below which a share of the turns stays")
{
    rill::loop_statistics s;
    CHECK(s.lag_percentile(0.99) == rill::duration(0));
    s.lag = {90, 9, 0, 0, 0, 1};
    s.longest_turn = 20us;
    CHECK(s.lag_percentile(0) == rill::duration(1us));
    CHECK(s.lag_percentile(0.9) == rill::duration(1us));
    CHECK(s.lag_percentile(0.99) == rill::duration(2us));
    CHECK(s.lag_percentile(1) == rill::duration(20us)); // and not 32
    s.lag = {0, 0, 10};
    s.longest_turn = 1h; // the last one has all that are longer
    CHECK(s.lag_percentile(0.5) == rill::duration(1h));
}

TEST_CASE("loop statistics: the slowest steps are kept, those of a millisecond and more")
{
    rill::detail::loop_meter meter;
    CHECK_FALSE(meter.notable(999us));
    for (int i = 1; i <= 20; ++i)
        if (meter.notable(i * 1ms))
            meter.add({i * 1ms, "t" + std::to_string(i), {}, {}, 1});
    REQUIRE(meter.slowest.size() == 10);
    CHECK(meter.slowest.front().task == "t20");
    CHECK(meter.slowest.back().task == "t11");
    CHECK_FALSE(meter.notable(11ms));
    CHECK(meter.notable(12ms));
}

TEST_CASE("loop statistics: tasks, timers, turns and steps of a loop are counted")
{
    test::loop loop;
    const auto one = loop.spawn(rill::sleep(1h));
    const auto two = loop.spawn([]() -> awaitable<void> {
        for (int i = 0; i < 9; ++i)
            co_await rill::yield();
    });
    CHECK(rill::statistics_of(loop.get()).tasks == 2);
    CHECK(rill::statistics_of(loop.get()).ready == 2);
    const auto before = rill::statistics_of(loop.executor());
    loop.settle();
    const auto after = rill::statistics_of(loop.executor());
    CHECK(after.tasks == 1);
    CHECK(after.ready == 0);
    CHECK(after.timers == 1);
    CHECK(after.steps - before.steps == 11);
    CHECK(after.turns - before.turns == 1);
    CHECK(after.io == before.io);
    rill::task_ref(one).cancel();
    loop.settle();
    CHECK(rill::statistics_of(loop.executor()).tasks == 0);
}

TEST_CASE("loop statistics: what Asio begins is counted as its own")
{
    rill::loop loop;
    loop.run_until_complete([]() -> awaitable<void> {
        asio::steady_timer timer(co_await asio::this_coro::executor, 0ms);
        co_await timer.async_wait(asio::use_awaitable);
    });
    CHECK(rill::statistics_of(loop).io == 1);
}

TEST_CASE(
    "loop statistics: a slow turn is found with its task, and what is slow again with its place"
)
{
    rill::loop loop;
    unsigned line = 0;
    const auto slow = [&]() -> awaitable<void> {
        for (int i = 0; i < 2; ++i) {
            line = __LINE__ + 1;
            co_await rill::sleep(1ms);
            std::this_thread::sleep_for(5ms);
        }
    };
    loop.run_until_complete([&]() -> awaitable<void> { co_await rill::create_task(slow, "slow"); });
    const auto s = rill::statistics_of(loop);
    CHECK(s.longest_turn >= 5ms);
    CHECK(s.busy >= 10ms);
    std::vector<rill::slow_step_info> found;
    for (const rill::slow_step_info& step : s.slowest)
        if (step.task == "slow" && step.took >= 5ms)
            found.push_back(step);
    REQUIRE(found.size() >= 2); // a busy machine may make another one slow
    const auto by_age = [](const auto& a, const auto& b) { return a.ago > b.ago; };
    std::sort(found.begin(), found.end(), by_age);
    CHECK(found.back().where.line() == line);
    CHECK(found.back().steps == 1);
    CHECK(std::is_sorted(s.slowest.begin(), s.slowest.end(), [](const auto& a, const auto& b) {
        return a.took > b.took;
    }));
}

} // namespace
