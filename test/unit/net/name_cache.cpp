// SPDX-License-Identifier: BSL-1.0
#include "name_cache.hpp"

#include <doctest/doctest.h>

#include <chrono>

namespace {

using namespace std::chrono_literals;
using rill::net_detail::name_cache;

const rill::time_point begin{};

name_cache::entry with_address(const char* text)
{
    return {{boost::asio::ip::make_address(text)}, nullptr};
}

TEST_CASE("name_cache: what is kept is found until its time is over")
{
    name_cache cache(10);
    cache.put("a", with_address("10.0.0.1"), begin + 10s);
    REQUIRE(cache.find("a", begin + 9s));
    CHECK(cache.find("a", begin + 9s)->addresses.front().to_string() == "10.0.0.1");
    CHECK_FALSE(cache.find("a", begin + 10s));
    CHECK_FALSE(cache.find("b", begin));
}

TEST_CASE("name_cache: what is put again replaces what was kept")
{
    name_cache cache(10);
    cache.put("a", with_address("10.0.0.1"), begin + 1s);
    cache.put("a", with_address("10.0.0.2"), begin + 10s);
    REQUIRE(cache.find("a", begin + 5s));
    CHECK(cache.find("a", begin + 5s)->addresses.front().to_string() == "10.0.0.2");
}

TEST_CASE("name_cache: beyond its size the oldest is forgotten, and with none nothing is kept")
{
    name_cache cache(2);
    for (const char* name : {"a", "b", "a", "c"}) // a is younger than b then
        cache.put(name, with_address("10.0.0.1"), begin + 10s);
    CHECK(cache.find("a", begin));
    CHECK_FALSE(cache.find("b", begin));
    CHECK(cache.find("c", begin));

    name_cache none(0);
    none.put("a", with_address("10.0.0.1"), begin + 10s);
    CHECK_FALSE(none.find("a", begin));
}

TEST_CASE("name_cache: what is forgotten is not found")
{
    name_cache cache(2);
    cache.put("a", with_address("10.0.0.1"), begin + 10s);
    cache.forget("a");
    cache.forget("b");
    CHECK_FALSE(cache.find("a", begin));
}

} // namespace
