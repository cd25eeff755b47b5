// SPDX-License-Identifier: BSL-1.0
#include <rill/clock.hpp>

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
