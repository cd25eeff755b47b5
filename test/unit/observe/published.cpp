// SPDX-License-Identifier: BSL-1.0
#include "published.hpp"

#include <doctest/doctest.h>

#include <optional>

using rill::log::detail::published;

namespace {

int found_in(published<int>& place)
{
    const published<int>::use found(place);
    return found ? *found : 0;
}

} // namespace

TEST_CASE("published: it is found until it is taken back, and there is one at a time")
{
    published<int> place;
    int first = 1;
    int second = 2;
    CHECK(found_in(place) == 0);
    CHECK(place.publish(first));
    CHECK_FALSE(place.publish(second));
    CHECK(found_in(place) == 1);
    CHECK(place.take_back() == &first);
    CHECK(found_in(place) == 0);
    CHECK(place.take_back() == nullptr);
    CHECK(place.publish(second));
    CHECK(found_in(place) == 2);
}

TEST_CASE("published: whoever found it keeps it in use, and whoever comes too late does not")
{
    published<int> place;
    int object = 1;
    place.publish(object);
    std::optional<published<int>::use> early(std::in_place, place);
    place.take_back();
    CHECK(**early == 1);
    CHECK(place.in_use());
    const published<int>::use late(place);
    CHECK(place.in_use());
    early.reset();
    CHECK_FALSE(place.in_use());
}
