// SPDX-License-Identifier: BSL-1.0
#include "cycles.hpp"

#include "relations.hpp"
#include "sample.hpp"
#include "tree.hpp"
#include "wording.hpp"

#include <doctest/doctest.h>

#include <algorithm>

using test::awaiting;

namespace {

std::vector<std::string> deadlocks(const top::snapshot& of)
{
    const top::relations related(of);
    std::vector<std::string> texts;
    for (const auto& cycle : related.cycles())
        texts.push_back(top::deadlock_text(of, cycle));
    return texts;
}

using texts = std::vector<std::string>;

} // namespace

TEST_CASE("IN-08: tasks that await each other are named, in the order in which they do")
{
    CHECK(deadlocks(awaiting(2, {{0, 1}, {1, 0}})) == texts{"deadlock: a -> b -> a"});
    CHECK(
        deadlocks(awaiting(4, {{3, 0}, {0, 1}, {1, 2}, {2, 0}})) ==
        texts{"deadlock: a -> b -> c -> a"}
    );
}

TEST_CASE("IN-08: a task that awaits itself is a deadlock")
{
    CHECK(deadlocks(awaiting(2, {{1, 1}})) == texts{"deadlock: b -> b"});
}

TEST_CASE("IN-08: who awaits a cycle, or is awaited by one, is in none")
{
    const auto of = awaiting(4, {{0, 1}, {1, 2}, {2, 1}, {2, 3}});
    CHECK(deadlocks(of) == texts{"deadlock: b -> c -> b"});
    const top::relations related(of);
    CHECK_FALSE(related.deadlocked(0));
    CHECK(related.deadlocked(1));
    CHECK(related.deadlocked(2));
    CHECK_FALSE(related.deadlocked(3));
}

TEST_CASE("IN-08: several cycles through one task are all named")
{
    CHECK(
        deadlocks(awaiting(3, {{0, 1}, {1, 0}, {0, 2}, {2, 0}})) ==
        texts{"deadlock: a -> b -> a", "deadlock: c -> a -> c"}
    );
}

TEST_CASE("IN-08: where nobody awaits in circles, nothing is named")
{
    CHECK(deadlocks(awaiting(4, {{0, 1}, {0, 2}, {1, 3}, {2, 3}})).empty());
}

TEST_CASE("IN-08: tasks with equal ids in two loops are two tasks")
{
    auto of = awaiting(2, {{0, 1}});
    of.tasks.push_back(test::task(1, "other"));
    of.tasks.back().loop = "worker-1";
    of.tasks[0].awaited_by = {1};
    of.tasks[1].awaited_by.clear();
    CHECK(deadlocks(of).empty());
}

TEST_CASE("IN-08: a cycle of 100 000 tasks is found, and named by its beginning")
{
    constexpr std::size_t n = 100'000;
    std::vector<std::pair<std::size_t, std::size_t>> edges;
    for (std::size_t i = 0; i < n; ++i)
        edges.emplace_back(i, (i + 1) % n);
    CHECK(
        deadlocks(awaiting(n, edges)) ==
        texts{"deadlock: a -> b -> c -> d -> e -> f -> g -> h -> (99992 more) -> a"}
    );
}

TEST_CASE("IN-08: of many cycles as many are named as one can read, and every task is marked")
{
    constexpr std::size_t pairs = 20'000;
    std::vector<std::pair<std::size_t, std::size_t>> edges;
    for (std::size_t i = 0; i < pairs; ++i) {
        edges.emplace_back(0, i + 1); // a star: all cycles pass through task 0
        edges.emplace_back(i + 1, 0);
    }
    const auto of = awaiting(pairs + 1, edges);
    const top::relations related(of);
    CHECK(related.cycles().size() == top::relations::most_cycles);
    for (top::position i = 0; i <= pairs; ++i)
        REQUIRE(related.deadlocked(i));
}

TEST_CASE("cycles: each node of a found cycle has an edge to the next")
{
    top::graph g;
    for (std::uint32_t n = 0; n < 50; ++n) {
        g.add_edge((n * 7 + 3) % 50);
        g.add_edge((n * n + 1) % 50);
        g.end_node();
    }
    const auto found = top::find_cycles(g, 100);
    REQUIRE_FALSE(found.cycles.empty());
    for (const auto& cycle : found.cycles)
        for (std::size_t i = 0; i < cycle.size(); ++i) {
            const auto edges = g.edges_of(cycle[i]);
            const auto next = cycle[(i + 1) % cycle.size()];
            CHECK(std::find(edges.begin(), edges.end(), next) != edges.end());
        }
}
