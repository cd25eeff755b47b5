// SPDX-License-Identifier: BSL-1.0
#include "rates.hpp"

#include "sample.hpp"

#include <doctest/doctest.h>

namespace {

top::snapshot at(std::uint64_t uptime_ms, std::vector<top::task_info> tasks = {})
{
    top::snapshot s;
    s.info.pid = 1;
    s.info.uptime_ms = uptime_ms;
    s.tasks = std::move(tasks);
    return s;
}

top::task_info with_steps(std::uint64_t id, std::uint64_t steps)
{
    auto t = test::task(id, "t");
    t.steps = steps;
    return t;
}

top::loop_info loop(std::uint64_t uptime_ms, std::uint64_t turns, std::uint64_t busy_ms)
{
    top::loop_info l;
    l.name = "worker-0";
    l.uptime_ms = uptime_ms;
    l.turns = turns;
    l.steps = turns * 10;
    l.busy_ms = busy_ms;
    l.lag_us.max = 1'000'000;
    return l;
}

top::rates between(const top::snapshot& before, const top::snapshot& after)
{
    return top::rates(before, top::task_index(before.tasks), after);
}

} // namespace

TEST_CASE("rates: steps of tasks per second of the service's time")
{
    const auto r = between(
        at(1000, {with_steps(1, 100), with_steps(2, 7)}),
        at(3000, {with_steps(2, 7), with_steps(3, 50), with_steps(1, 150)})
    );
    CHECK(r.steps_of(0) == 0.0);
    CHECK_FALSE(r.steps_of(1).has_value()); // new
    CHECK(r.steps_of(2) == 25.0);
}

TEST_CASE("rates: none without a sample before, after a restart, and where time stood still")
{
    CHECK_FALSE(top::rates().steps_of(0).has_value());
    CHECK_FALSE(top::rates().of_loop(0).has_value());
    const auto before = at(1000, {with_steps(1, 100)});
    auto other = at(2000, {with_steps(1, 200)});
    other.info.pid = 2;
    CHECK_FALSE(between(before, other).steps_of(0).has_value());
    CHECK_FALSE(between(before, before).steps_of(0).has_value());
    CHECK_FALSE(between(before, at(500, {with_steps(1, 200)})).steps_of(0).has_value());
    CHECK_FALSE(between(before, at(2000, {with_steps(1, 99)})).steps_of(0).has_value());
}

TEST_CASE("rates: turns, steps and load of a loop")
{
    auto before = at(0);
    auto after = at(10);
    before.loops = {loop(1000, 100, 50)};
    after.loops = {loop(3000, 500, 550)};
    const auto l = between(before, after).of_loop(0);
    REQUIRE(l.has_value());
    CHECK(l->turns == 200.0);
    CHECK(l->steps == 2000.0);
    CHECK(l->busy == 0.25);
    CHECK_FALSE(l->lag_p99_us.has_value());
}

TEST_CASE("rates: a loop that is new or silent has none")
{
    auto before = at(0);
    auto after = at(10);
    before.loops = {loop(1000, 100, 50)};
    before.loops[0].answers = false;
    after.loops = {loop(3000, 500, 550), loop(100, 1, 1)};
    after.loops[1].name = "new";
    const auto r = between(before, after);
    CHECK_FALSE(r.of_loop(0).has_value());
    CHECK_FALSE(r.of_loop(1).has_value());
}

TEST_CASE("rates: the lag is that of the turns since the last look")
{
    auto before = at(0);
    auto after = at(10);
    before.loops = {loop(1000, 0, 0)};
    after.loops = {loop(2000, 0, 0)};
    before.loops[0].lag_histogram = {{8, 1000}, {64, 10}, {2048, 500}};
    after.loops[0].lag_histogram = {{2048, 501}, {8, 1090}, {64, 19}, {UINT64_MAX, 0}};
    const auto l = between(before, after).of_loop(0); // 90 below 8, 9 below 64, 1 below 2048
    REQUIRE(l.has_value());
    CHECK(l->lag_p99_us == 64);
    CHECK(l->lag == top::lag_decades{90, 9, 0, 1, 0, 0, 0});
}

TEST_CASE("rates: of turns without a bound the lag is at most the longest there was")
{
    auto before = at(0);
    auto after = at(10);
    before.loops = {loop(1000, 0, 0)};
    after.loops = {loop(2000, 0, 0)};
    after.loops[0].lag_histogram = {{UINT64_MAX, 5}};
    const auto l = between(before, after).of_loop(0);
    REQUIRE(l.has_value());
    CHECK(l->lag_p99_us == 1'000'000);
    CHECK(l->lag == top::lag_decades{0, 0, 0, 0, 0, 0, 5});
}
