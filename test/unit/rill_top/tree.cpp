// SPDX-License-Identifier: BSL-1.0
#include "tree.hpp"

#include "order.hpp"
#include "sample.hpp"
#include "text.hpp"

#include <doctest/doctest.h>

#include <algorithm>

using test::from_lines;
using test::of_tasks;
using test::task;

TEST_CASE("IN-07: the tree shows tasks below their parents, with stacks, deadlines and locks")
{
    const auto of = from_lines({
        R"({"loop":{"name":"worker-0","tasks":12,"ready":3,"lag_us":{"p99":200}}})",
        R"({"task":{"loop":"worker-0","id":7,"name":"session-3","parent":3,"state":"waiting",)"
        R"("waits_for":"an item of queue 'jobs'","where":"orders.cpp:33","since_ms":1200,)"
        R"("deadline_ms":300,"stack":[{"function":"orders::take","where":"orders.cpp:33"},)"
        R"({"function":"serve","where":"orders.cpp:90"}],"holds":["mutex 'cache'"]}})",
        R"({"task":{"loop":"worker-0","id":3,"name":"main","state":"waiting","waits_for":"a signal",)"
        R"("where":"main.cpp:40","since_ms":12300}})",
        R"({"task":{"loop":"worker-0","id":9,"name":"leaf","parent":7,"state":"ready"}})",
        R"({"task":{"loop":"worker-0","id":8,"parent":3,"state":"waiting","cancelling":true,)"
        R"("waits_for":"a sleep","deadline_ms":-50,"since_ms":70}})",
    });
    CHECK(
        top::tree_text(of) ==
        "worker-0 (12 tasks, 3 ready, lag p99 0.2 ms)\n"
        "└── main  waiting 12.3 s for a signal at main.cpp:40\n"
        "    ├── session-3  waiting 1.2 s for an item of queue 'jobs' at orders.cpp:33, "
        "300 ms left, holds mutex 'cache'\n"
        "    │   │ orders::take at orders.cpp:33\n"
        "    │   │ serve at orders.cpp:90\n"
        "    │   └── leaf  ready 0 ms\n"
        "    └── task 8  cancelling 70 ms for a sleep, 50 ms overdue\n"
    );
}

TEST_CASE("tree: the stack of a task without children stands below its name")
{
    auto of = of_tasks({task(1, "a"), task(2, "b")});
    of.tasks[0].stack = {{"f", "x.cpp:1"}};
    of.tasks[1].stack = {{"g", ""}};
    CHECK(
        top::tree_text(of) == "worker-0 (2 tasks)\n"
                              "├── a  waiting 0 ms\n"
                              "│     f at x.cpp:1\n"
                              "└── b  waiting 0 ms\n"
                              "      g\n"
    );
}

TEST_CASE("IN-09: several loops with several roots, each loop with its own tasks")
{
    auto of = of_tasks({task(1, "a"), task(2, "b"), task(1, "c"), task(5, "d", 2)});
    of.tasks[2].loop = "worker-1";
    of.loops.resize(2);
    of.loops[0].name = "worker-1";
    of.loops[1].name = "idle";
    CHECK(
        top::tree_text(of) == "worker-1 (0 tasks, 0 ready, lag p99 0 us)\n"
                              "└── c  waiting 0 ms\n"
                              "idle (0 tasks, 0 ready, lag p99 0 us)\n"
                              "worker-0 (3 tasks)\n"
                              "├── a  waiting 0 ms\n"
                              "└── b  waiting 0 ms\n"
                              "    └── d  waiting 0 ms\n"
    );
}

TEST_CASE("IN-09: a task whose parent has ended is a root, and one without a name has its id")
{
    const auto of = of_tasks({task(4, "", 99), task(5, "child", 4)});
    CHECK(
        top::tree_text(of) == "worker-0 (2 tasks)\n"
                              "└── task 4  waiting 0 ms\n"
                              "    └── child  waiting 0 ms\n"
    );
}

TEST_CASE("IN-09: parents that form a cycle, or a task that is its own, lose no task")
{
    const auto of = of_tasks({task(1, "a", 3), task(2, "b", 1), task(3, "c", 2), task(4, "d", 4)});
    CHECK(
        top::tree_text(of) == "worker-0 (4 tasks)\n"
                              "├── a  waiting 0 ms\n"
                              "│   └── b  waiting 0 ms\n"
                              "│       └── c  waiting 0 ms\n"
                              "└── d  waiting 0 ms\n"
    );
}

TEST_CASE("IN-09: two tasks with the same id are both shown")
{
    const auto of = of_tasks({task(1, "a"), task(1, "b"), task(2, "c", 1)});
    CHECK(
        top::tree_text(of) == "worker-0 (3 tasks)\n"
                              "├── a  waiting 0 ms\n"
                              "│   └── c  waiting 0 ms\n"
                              "└── b  waiting 0 ms\n"
    );
}

TEST_CASE("IN-09: a loop that does not answer says for how long and why")
{
    const auto of = from_lines({
        R"({"loop":{"name":"w","answers":false,"silent_ms":1500,"running":"task 'x'"}})",
        R"({"loop":{"name":"v","answers":false,"silent_ms":1500}})",
    });
    CHECK(
        top::tree_text(of) == "w (no answer for 1.5 s, running task 'x')\n"
                              "v (no answer for 1.5 s)\n"
    );
}

TEST_CASE("IN-08: the tree names a cycle below its loop and marks its tasks")
{
    const auto of = test::awaiting(3, {{0, 1}, {1, 0}});
    CHECK(
        top::tree_text(of) == "worker-0 (3 tasks)\n"
                              "deadlock: a -> b -> a\n"
                              "├── a  waiting 0 ms, in a deadlock\n"
                              "├── b  waiting 0 ms, in a deadlock\n"
                              "└── c  waiting 0 ms\n"
    );
}

TEST_CASE("IN-10: a chain of 100 000 tasks is shown whole, in lines of bounded width")
{
    constexpr std::uint64_t n = 100'000;
    std::vector<top::task_info> chain;
    for (std::uint64_t id = n; id > 0; --id) // children come before their parents
        chain.push_back(task(id, "t", id == 1 ? std::nullopt : std::optional(id - 1)));
    const std::string text = top::tree_text(of_tasks(std::move(chain)));
    CHECK(static_cast<std::uint64_t>(std::count(text.begin(), text.end(), '\n')) == n + 1);
    CHECK(text.find("\n    └── t  waiting") != std::string::npos);
    std::string deepest(128, ' ');
    deepest += "[99999] └── t  waiting 0 ms\n";
    CHECK(text.ends_with(deepest));
}

TEST_CASE("IN-10: a task with a stack of 100 000 coroutines")
{
    auto of = of_tasks({task(1, "deep")});
    of.tasks[0].stack.assign(100'000, {"f", "x.cpp:1"});
    const std::string text = top::tree_text(of);
    CHECK(std::count(text.begin(), text.end(), '\n') == 100'002);
}

TEST_CASE("tree: below the deepest indent siblings and stacks keep their places")
{
    std::vector<top::task_info> tasks;
    for (std::uint64_t id = 1; id <= 34; ++id)
        tasks.push_back(task(id, "t", id == 1 ? std::nullopt : std::optional(id - 1)));
    tasks.push_back(task(35, "second", 33));
    tasks.push_back(task(36, "late", 1));
    tasks[33].stack = {{"f", ""}};
    const std::string text = top::tree_text(of_tasks(std::move(tasks)));
    const std::string guides = "    │   " + std::string(30 * 4, ' ');
    CHECK(text.find("\n" + guides + "[33] ├── t  waiting 0 ms\n") != std::string::npos);
    CHECK(text.find("\n" + guides + "     │     f\n") != std::string::npos);
    CHECK(text.find("\n" + guides + "[33] └── second  waiting 0 ms\n") != std::string::npos);
    CHECK(text.ends_with("\n    └── late  waiting 0 ms\n"));
}

TEST_CASE("tree: siblings stand in the order that is asked for")
{
    auto of = of_tasks({task(1, "a"), task(2, "c", 1), task(3, "b", 1)});
    const top::relations related(of);
    const auto rows = top::tree_rows(of, related, top::in_order(of, {}, top::sort_order::name));
    REQUIRE(rows.size() == 4);
    CHECK(rows[0].what == top::tree_row::kind::loop);
    CHECK(rows[2].index == 2);
    CHECK(rows[3].index == 1);
    CHECK(rows[3].last);
}

TEST_CASE("tree: says how many tasks were left out")
{
    auto of = of_tasks({});
    of.left_out = 3;
    CHECK(top::tree_text(of) == "3 tasks more are not shown\n");
}
