// SPDX-License-Identifier: BSL-1.0
#include <rill/loop.hpp>
#include <rill/random.hpp>

#include <doctest/doctest.h>

#include <random>

TEST_CASE("random_source: a seed gives the numbers of SplitMix64")
{
    rill::random_source random(0);
    CHECK(random() == 0xe220a8397b1dcdaf);
    CHECK(random() == 0x6e789e6aa1b965f4);
    CHECK(random() == 0x06c45d188009454f);
}

TEST_CASE("random_source: a new seed begins anew")
{
    rill::random_source random(7);
    const auto first = random();
    random.seed(7);
    CHECK(random() == first);
    random.seed(8);
    CHECK(random() != first);
}

TEST_CASE("random_source: fractions are spread from 0 to below 1")
{
    rill::random_source random(1);
    double sum = 0;
    for (int i = 0; i < 10'000; ++i) {
        const double f = random.fraction();
        REQUIRE(f >= 0);
        REQUIRE(f < 1);
        sum += f;
    }
    CHECK(sum / 10'000 == doctest::Approx(0.5).epsilon(0.02));
}

TEST_CASE("random_source: the distributions of the standard library take it")
{
    rill::random_source random(3);
    std::uniform_int_distribution<int> die(1, 6);
    for (int i = 0; i < 100; ++i) {
        const int n = die(random);
        REQUIRE(n >= 1);
        REQUIRE(n <= 6);
    }
}

TEST_CASE("random_source: two loops that nobody has seeded differ")
{
    const rill::loop a;
    const rill::loop b;
    CHECK(a.random()() != b.random()());
}
