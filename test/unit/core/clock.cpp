// SPDX-License-Identifier: BSL-1.0
#include <rill/clock.hpp>
#include <rill/testing/manual_clock.hpp>

#include <doctest/doctest.h>

#include <chrono>

using namespace std::chrono_literals;
using rill::detail::saturated;

TEST_CASE("clock: a duration of any unit becomes the clock's, and one beyond its range is forever")
{
    CHECK(saturated(20ms) == 20ms);
    CHECK(saturated(-20ms) == -20ms);
    CHECK(saturated(1h) == 1h);
    CHECK(saturated(1ns) == 1ns);
    CHECK(saturated(std::chrono::milliseconds::max()) == rill::forever);
    CHECK(saturated(std::chrono::hours::max()) == rill::forever);
    CHECK(saturated(rill::forever) == rill::forever);
    CHECK(saturated(std::chrono::milliseconds::min()) == rill::duration::min());
    CHECK(saturated(rill::duration::min()) == rill::duration::min());
}

TEST_CASE("clock: the longest of a unit that does not overflow is forever too, one less is not")
{
    const auto longest = std::chrono::duration_cast<std::chrono::milliseconds>(rill::forever);
    CHECK(saturated(longest) == rill::forever);
    CHECK(saturated(longest - 1ms) == rill::duration(longest - 1ms));
}

TEST_CASE("clock: a source that says nothing else has the system's time of day")
{
    struct : rill::clock_source {
        rill::time_point now() const noexcept override { return {}; }
    } source;
    const auto before = std::chrono::system_clock::now();
    CHECK(source.wall_now() >= before);
    CHECK(source.wall_now() <= std::chrono::system_clock::now());
}

TEST_CASE("clock: a manual one has a time of day that moves with it, and is the same in every run")
{
    rill::testing::manual_clock clock;
    const auto begin = clock.wall_now();
    CHECK(begin == std::chrono::sys_days(std::chrono::year(2000) / 1 / 1) + 1h);
    clock.move_to(clock.now() + 90s);
    CHECK(clock.wall_now() == begin + 90s);
}
