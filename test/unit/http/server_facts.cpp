// SPDX-License-Identifier: BSL-1.0
#include "server_facts.hpp"

#include <doctest/doctest.h>

#include <chrono>
#include <set>

namespace {

using namespace std::chrono_literals;
using rill::http::settings;
using rill::http::detail::server_facts;

} // namespace

TEST_CASE("server facts: the clock ticks a few times in the shortest limit of time")
{
    CHECK(server_facts({}).clock.tick() == 250ms);
    settings l;
    l.write_stall = 100ms;
    CHECK(server_facts(l).clock.tick() == 12500us);
    l.body_gap = 1ms;
    CHECK(server_facts(l).clock.tick() == 5ms);
}

TEST_CASE("server facts: the Date is that of the wall clock")
{
    server_facts facts({});
    facts.wall_time = 784111777;
    CHECK(facts.date_line() == "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n");
    facts.wall_time = 784111778;
    CHECK(facts.date_line() == "Date: Sun, 06 Nov 1994 08:49:38 GMT\r\n");
}

TEST_CASE("server facts: connections of one moment grow old at different times, near their age")
{
    server_facts facts({});
    facts.clock.move_to(rill::time_point(1h));
    std::set<rill::time_point> ends;
    for (int i = 0; i < 100; ++i)
        ends.insert(facts.end_of_age());
    CHECK(ends.size() == 100);
    CHECK(*ends.begin() >= rill::time_point(1h + 54min));
    CHECK(*ends.rbegin() <= rill::time_point(1h + 66min));
}

TEST_CASE("server facts: without a limit of age no connection grows old")
{
    for (const auto age : {24h * 365 * 200, 24h * 365 * 292}) {
        settings l;
        l.connection_age = age;
        CHECK(server_facts(l).end_of_age() == rill::never);
    }
    settings l;
    l.connection_age = std::chrono::milliseconds::max();
    CHECK(server_facts(l).end_of_age() == rill::never);
}
