// SPDX-License-Identifier: BSL-1.0
#include <rill/detail/loop/timer_queue.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <deque>
#include <random>
#include <vector>

namespace {

using rill::time_point;
using namespace std::chrono_literals;

struct timer : rill::detail::timer_node {
    timer(int n, std::vector<int>& log)
        : timer_node(&fire)
        , number(n)
        , fired(log)
    {}

    static void fire(timer_node& node)
    {
        auto& self = static_cast<timer&>(node);
        self.fired.push_back(self.number);
    }

    int number;
    std::vector<int>& fired;
};

TEST_CASE("timer_queue: random deadlines, some removed, fire in the order of (deadline, arming)")
{
    std::mt19937 random(7);
    for (int round = 0; round < 50; ++round) {
        rill::detail::timer_queue queue;
        std::vector<int> fired;
        std::deque<timer> timers;
        std::vector<std::pair<int, int>> expected; // deadline, number
        const auto draw = [&](int n) {
            return static_cast<int>(random() % static_cast<unsigned>(n));
        };
        for (int i = 0; i < 200; ++i) {
            const int when = draw(50);
            queue.add(timers.emplace_back(i, fired), time_point() + std::chrono::seconds(when));
            expected.emplace_back(when, i);
            if (draw(3) == 0) {
                const auto victim = expected.begin() + draw(static_cast<int>(expected.size()));
                queue.remove(timers[static_cast<std::size_t>(victim->second)]);
                expected.erase(victim);
            }
        }
        std::sort(expected.begin(), expected.end()); // armed in the order of their numbers
        CHECK_FALSE(queue.fire_one(time_point() - 1s));
        while (queue.fire_one(time_point() + 1h))
            continue;
        CHECK(queue.empty());
        REQUIRE(fired.size() == expected.size());
        for (std::size_t i = 0; i < fired.size(); ++i)
            CHECK(fired[i] == expected[i].second);
    }
}

TEST_CASE("timer_queue: removing twice, or what was never armed, is harmless")
{
    rill::detail::timer_queue queue;
    std::vector<int> fired;
    timer t(1, fired);
    queue.remove(t);
    queue.add(t, time_point() + 1s);
    CHECK(queue.next() == time_point() + 1s);
    queue.remove(t);
    queue.remove(t);
    CHECK(queue.next() == rill::never);
}

} // namespace
