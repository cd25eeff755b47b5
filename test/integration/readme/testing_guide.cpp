// SPDX-License-Identifier: BSL-1.0
//
// Runs what framework/testing/README.md shows.
#include "testing_guide.hpp"

#include <doctest/doctest.h>

namespace {

TEST_CASE("testing guide: a timeout of 30 s, a full queue, a race that a seed shows")
{
    CHECK(handler_times_out() == "504 Gateway Timeout");
    CHECK(third_waits() == 2);
    CHECK(race_is_found().find("overdrawn") != std::string::npos);
}

TEST_CASE("testing guide: turns, a permit that a cancellation loses, equal runs of a seed")
{
    CHECK(in_turns() == "ping pong ping pong ");
    CHECK(lost_permit(true) == "nothing is lost");
    CHECK(lost_permit(false).find("a permit is lost") != std::string::npos);
    CHECK(hash_of_run(1) == hash_of_run(1));
    CHECK(hash_of_run(1) != hash_of_run(2));
}

TEST_CASE("testing guide: a server on a slow link, and one that crashes")
{
    CHECK(over_a_slow_link() == "hello world\n");
    CHECK(through_a_crash() == "hello again\n");
}

TEST_CASE("testing guide: a cluster of three survives a partition, whatever the seed")
{
    for (std::uint64_t seed = 1; seed <= 20; ++seed)
        CHECK(survives_a_partition(seed) == "survived");
}

} // namespace
