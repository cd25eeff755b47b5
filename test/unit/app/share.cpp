// SPDX-License-Identifier: BSL-1.0
#include "share.hpp"

#include <doctest/doctest.h>

using rill::app::detail::share_of;

TEST_CASE("share: the parts of all workers make up the whole, and differ by at most one")
{
    for (const std::size_t workers : {1u, 2u, 3u, 7u, 64u})
        for (const std::size_t whole : {64u, 65u, 100u, 10'000u}) {
            std::size_t sum = 0;
            for (std::size_t i = 0; i < workers; ++i) {
                const auto part = share_of(whole, i, workers);
                CHECK(part >= whole / workers);
                CHECK(part <= whole / workers + 1);
                sum += part;
            }
            CHECK(sum == whole);
        }
}

TEST_CASE("share: every worker has at least one")
{
    for (std::size_t i = 0; i < 4; ++i)
        CHECK(share_of(2, i, 4) == 1);
    CHECK(share_of(0, 0, 1) == 1);
}
