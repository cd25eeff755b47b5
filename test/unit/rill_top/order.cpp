// SPDX-License-Identifier: BSL-1.0
#include "order.hpp"

#include "sample.hpp"

#include <doctest/doctest.h>

using top::position;
using positions = std::vector<position>;

namespace {

top::snapshot sample()
{
    auto s = test::of_tasks(
        {test::task(5, "b"), test::task(1, "c"), test::task(9, "a", 1), test::task(2, "d")}
    );
    s.tasks[0].since_ms = 10;
    s.tasks[1].since_ms = 500;
    s.tasks[1].state = top::task_state::running;
    s.tasks[2].since_ms = 300;
    s.tasks[3].since_ms = 10;
    return s;
}

} // namespace

TEST_CASE("order: by id, longest wait, name and age; equal ones by id")
{
    const auto s = sample();
    CHECK(top::in_order(s, {}, top::sort_order::id) == positions{1, 3, 0, 2});
    CHECK(top::in_order(s, {}, top::sort_order::longest_wait) == positions{2, 3, 0, 1});
    CHECK(top::in_order(s, {}, top::sort_order::name) == positions{2, 0, 1, 3});
    CHECK(top::in_order(s, {}, top::sort_order::age) == positions{1, 3, 0, 2});
}

TEST_CASE("order: by steps per second; those without a rate come after, by their steps")
{
    auto before = sample();
    auto after = sample();
    before.info.uptime_ms = 0;
    after.info.uptime_ms = 1000;
    after.tasks[1].steps = 5;
    after.tasks[2].steps = 50;
    after.tasks.push_back(test::task(20, "new"));
    after.tasks.push_back(test::task(21, "busy and new"));
    after.tasks.back().steps = 1000;
    const top::rates r(before, top::task_index(before.tasks), after);
    CHECK(top::in_order(after, r, top::sort_order::steps) == positions{2, 1, 3, 0, 5, 4});
}

TEST_CASE("order: the key goes through all orders of the screen")
{
    auto order = top::sort_order::longest_wait;
    std::vector<std::string> seen;
    do {
        seen.emplace_back(top::to_string(order));
        order = top::next_order(order);
    } while (order != top::sort_order::longest_wait);
    CHECK(seen == std::vector<std::string>{"longest wait", "steps per second", "name", "age"});
}

TEST_CASE("order: a filter looks at name, loop, state, group, place and wait, in either case")
{
    auto t = test::task(1, "Session-3");
    t.group = "group.cpp";
    t.where = "place.cpp";
    t.waits_for = "an Item";
    for (const char* text :
         {"session", "SSION-3", "worker-0", "waiting", "group", "place", "item", ""})
        CHECK(top::matches(t, text));
    CHECK_FALSE(top::matches(t, "session-4"));
}

TEST_CASE("order: in the tree, a filter keeps the ancestors of what matches")
{
    const auto s = sample();
    const top::relations related(s);
    const auto all = top::in_order(s, {}, top::sort_order::id);
    CHECK(top::with_ancestors(s, related, all, "nothing") == positions{});
    auto named = sample();
    named.tasks[2].name = "needle";
    CHECK(top::matching(named, all, "needle") == positions{2});
    CHECK(top::with_ancestors(named, related, all, "needle") == positions{1, 2});
}
