// SPDX-License-Identifier: BSL-1.0
#include <rill/testing/loop.hpp>
#include <rill/testing/random_data.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

namespace {

namespace testing = rill::testing;

struct source {
    explicit source(std::uint64_t seed = 1)
        : loop(testing::options().seed(seed))
        , data(loop.executor())
    {}

    testing::loop loop;
    testing::random_data data;
};

} // namespace

TEST_CASE("random_data: a seed gives the same data each time, and another one other data")
{
    const auto all = [](std::uint64_t seed) {
        source s(seed);
        std::vector<int> numbers{1, 2, 3, 4, 5, 6, 7, 8, 9};
        s.data.shuffle(numbers);
        std::string text = s.data.text(10);
        text += std::to_string(s.data.number(-1000, 1000));
        for (const std::byte b : s.data.bytes(5))
            text += " " + std::to_string(std::to_integer<int>(b));
        for (const int n : numbers)
            text += " " + std::to_string(n);
        return text + " " + std::to_string(s.data.pick(numbers));
    };
    CHECK(all(1) == all(1));
    CHECK(all(1) != all(2));
    CHECK(
        all(1) == "a/hpoY{yu!-992 8 70 156 205 172 3 5 4 1 7 9 2 8 6 3"
    ); // with every standard library
}

TEST_CASE("random_data: numbers are in their range, the ends included, and equally often")
{
    source s;
    std::map<int, int> seen;
    for (int i = 0; i < 7000; ++i)
        ++seen[s.data.number(-3, 3)];
    CHECK(seen.size() == 7);
    CHECK(seen.begin()->first == -3);
    CHECK(seen.rbegin()->first == 3);
    for (const auto& [n, times] : seen) {
        CHECK(times > 850);
        CHECK(times < 1150);
    }
    CHECK(s.data.number(5, 5) == 5);
}

TEST_CASE("random_data: ranges as wide as their type are no special case")
{
    source s;
    int negative = 0;
    int high = 0;
    for (int i = 0; i < 1000; ++i) {
        negative += s.data.number(INT64_MIN, INT64_MAX) < 0;
        high += s.data.number(std::uint8_t{0}, std::uint8_t{255}) > 127;
    }
    CHECK(negative > 400);
    CHECK(negative < 600);
    CHECK(high > 400);
    CHECK(high < 600);
    for (int i = 0; i < 100; ++i) {
        const auto n = s.data.number(INT64_MAX - 1, INT64_MAX);
        CHECK(n >= INT64_MAX - 1);
    }
}

TEST_CASE("random_data: an empty range and an empty choice are refused")
{
    source s;
    std::vector<int> none;
    CHECK_THROWS_AS(s.data.number(2, 1), std::invalid_argument);
    CHECK_THROWS_AS(s.data.pick(none), std::invalid_argument);
    CHECK(s.data.bytes(0).empty());
    CHECK(s.data.text(0).empty());
    s.data.shuffle(none);
}

TEST_CASE("random_data: text is printable, and bytes have all values")
{
    source s;
    const std::string text = s.data.text(5000);
    CHECK(std::all_of(text.begin(), text.end(), [](char c) { return c >= ' ' && c <= '~'; }));
    CHECK(text.find('~') != std::string::npos);
    CHECK(text.find(' ') != std::string::npos);
    std::array<int, 256> seen{};
    for (const std::byte b : s.data.bytes(10'000))
        ++seen[std::to_integer<std::size_t>(b)];
    CHECK(std::count(seen.begin(), seen.end(), 0) == 0);
}

TEST_CASE("random_data: pick refers to an element, and shuffle gives each order equally often")
{
    source s;
    std::array<int, 3> letters{0, 0, 0};
    for (int i = 0; i < 300; ++i)
        ++s.data.pick(std::span<int>(letters));
    CHECK(letters[0] + letters[1] + letters[2] == 300);
    CHECK(*std::min_element(letters.begin(), letters.end()) > 70);
    std::map<std::string, int> orders;
    for (int i = 0; i < 6000; ++i) {
        std::string abc = "abc";
        s.data.shuffle(abc);
        ++orders[abc];
    }
    CHECK(orders.size() == 6);
    for (const auto& [order, times] : orders)
        CHECK(times > 850);
}
