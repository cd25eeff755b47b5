// SPDX-License-Identifier: BSL-1.0
#include <support/loop.hpp>

#include <rill/context_var.hpp>
#include <rill/future.hpp>
#include <rill/task_group.hpp>

#include <algorithm>
#include <stdexcept>
#include <string>

namespace {

using rill::awaitable;
using rill::task_options;
using namespace std::chrono_literals;

bool listed(const rill::task_ref& t)
{
    const auto tasks = rill::all_tasks();
    return std::find(tasks.begin(), tasks.end(), t) != tasks.end();
}

TEST_CASE("EAG-01: an eager task runs inside create_task, and may be done when that returns")
{
    test::loop loop;
    loop.run([]() -> awaitable<void> {
        std::string log;
        const auto t = rill::create_task(
            [&]() -> awaitable<int> {
                log += "child ";
                co_return 3;
            },
            task_options().eager()
        );
        log += "parent";
        CHECK(log == "child parent");
        REQUIRE(t.done());
        CHECK(t.result() == 3);
        co_return;
    });
}

TEST_CASE("EAG-01, EAG-02: one that waits has run up to its wait, goes on as usual, is awaited")
{
    test::loop loop;
    loop.run([]() -> awaitable<void> {
        std::string log;
        const auto t = rill::create_task(
            [&]() -> awaitable<int> {
                log += "before ";
                co_await rill::sleep(1h);
                log += "after ";
                co_return 4;
            },
            task_options().eager()
        );
        log += "parent ";
        CHECK_FALSE(t.done());
        const int value = co_await t;
        CHECK(value == 4);
        CHECK(log == "before parent after ");
    });
}

TEST_CASE("EAG-03: in its eager step the child is current, afterwards the parent")
{
    test::loop loop;
    auto parent = loop.spawn([]() -> awaitable<void> {
        const auto self = *rill::current_task();
        const auto child = rill::create_task(
            [&]() -> awaitable<void> {
                CHECK(rill::current_task()->name() == "child");
                co_await rill::yield();
                CHECK(rill::current_task()->name() == "child");
            },
            task_options("child").eager()
        );
        CHECK(rill::current_task() == self);
        co_await child;
        CHECK(rill::current_task() == self);
    });
    loop.settle();
    CHECK_NOTHROW(parent.result());
}

TEST_CASE("EAG-03, TASK-12: after an eager step that throws, the parent is current again")
{
    test::loop loop;
    loop.run([]() -> awaitable<void> {
        const auto self = *rill::current_task();
        const auto child = rill::create_task(
            []() -> awaitable<void> {
                const auto grandchild = rill::create_task(
                    []() -> awaitable<void> {
                        throw std::runtime_error("inner");
                        co_return;
                    },
                    task_options().eager()
                );
                CHECK(rill::current_task()->name() == "child");
                CHECK(test::text_of(grandchild.exception()) == "inner");
                throw std::runtime_error("outer");
                co_return;
            },
            task_options("child").eager()
        );
        CHECK(rill::current_task() == self);
        CHECK(test::text_of(child.exception()) == "outer");
        co_return;
    });
}

TEST_CASE("EAG-03: a fatal error in an eager step leaves create_task, and the parent is current")
{
    test::loop loop;
    loop.run([]() -> awaitable<void> {
        const auto self = *rill::current_task();
        const auto start = [] {
            rill::create_task(
                []() -> awaitable<void> {
                    throw rill::fatal_error("out of power");
                    co_return;
                },
                task_options().eager()
            );
        };
        CHECK_THROWS_AS(start(), rill::fatal_error);
        CHECK(rill::current_task() == self);
        CHECK(rill::all_tasks().size() == 1);
        co_return;
    });
    CHECK(loop.reported().empty()); // whoever called create_task has seen it
}

TEST_CASE("EAG-04: cancelling one that has ended is false; one that waits is cancelled")
{
    test::loop loop;
    rill::task<int> waiting;
    loop.run([&]() -> awaitable<void> {
        auto ended =
            rill::create_task([]() -> awaitable<int> { co_return 1; }, task_options().eager());
        CHECK_FALSE(ended.cancel());
        CHECK(ended.result() == 1);
        waiting = rill::create_task(rill::sleep(1h, 2), task_options().eager());
        CHECK(waiting.cancel());
        co_return;
    });
    loop.settle();
    CHECK(waiting.cancelled());
}

TEST_CASE("EAG-05: all_tasks lists it in its eager step, and afterwards only if it waits")
{
    test::loop loop;
    loop.run([]() -> awaitable<void> {
        bool seen = false;
        const auto look = [&]() -> awaitable<void> {
            seen = listed(*rill::current_task());
            co_return;
        };
        const auto ended = rill::create_task(look, task_options().eager());
        CHECK(seen);
        CHECK_FALSE(listed(ended));
        auto waits = rill::create_task(rill::sleep(1h), task_options().eager());
        CHECK(listed(waits));
        waits.cancel();
        co_return;
    });
}

TEST_CASE("EAG-06: the eager step runs in a copy of the context")
{
    static const rill::context_var<int> depth("depth", 0);
    test::loop loop;
    loop.run([]() -> awaitable<void> {
        depth.set(1);
        int inherited = -1;
        const auto child = rill::create_task(
            [&]() -> awaitable<int> {
                inherited = depth.get();
                depth.set(2);
                co_return depth.get();
            },
            task_options().eager()
        );
        CHECK(inherited == 1);
        CHECK(child.result() == 2);
        CHECK(depth.get() == 1);
        co_return;
    });
}

TEST_CASE("EAG-08: without a running loop an eager task starts like others")
{
    test::loop loop;
    bool ran = false;
    loop.spawn(
        [&]() -> awaitable<void> {
            ran = true;
            co_return;
        },
        task_options().eager()
    );
    CHECK_FALSE(ran);
    loop.settle();
    CHECK(ran);
}

TEST_CASE("EAG-08: eager or not is said for each task, against the loop's default")
{
    test::loop loop;
    rill::detail::loop_core::of(loop.context()).eager_tasks = true;
    const auto nothing = []() -> awaitable<void> { co_return; };
    loop.run([&]() -> awaitable<void> {
        const auto by_default = rill::create_task(nothing);
        const auto lazy = rill::create_task(nothing, task_options().eager(false));
        CHECK(by_default.done());
        CHECK_FALSE(lazy.done());
        rill::detail::loop_core::of(loop.context()).eager_tasks = false;
        const auto lazy_by_default = rill::create_task(nothing);
        const auto eager = rill::create_task(nothing, task_options().eager());
        CHECK_FALSE(lazy_by_default.done());
        CHECK(eager.done());
        co_return;
    });
}

/// Starts two eager tasks of its own kind, and awaits them.
awaitable<int> tree(int depth)
{
    if (depth == 0)
        co_return 1;
    const auto left = rill::create_task(tree(depth - 1), task_options().eager());
    const auto right = rill::create_task(tree(depth - 1), task_options().eager());
    const int sum = co_await left;
    co_return sum + co_await right;
}

TEST_CASE("EAG-09: a tree of eager tasks that never wait needs no turn of the loop")
{
    test::loop loop;
    int leaves = 0;
    bool turned = false;
    loop.get().call_soon([&] {
        loop.get().call_soon([&] { turned = true; });
        const auto root = rill::create_task(tree(8), task_options().eager());
        CHECK_FALSE(turned);
        REQUIRE(root.done());
        leaves = root.result();
        CHECK(rill::all_tasks().empty());
    });
    loop.settle();
    CHECK(leaves == 256);
}

TEST_CASE("EAG-09: a group of eager children that never wait needs no turn of the loop")
{
    test::loop loop;
    int ended = 0;
    bool turned = false;
    loop.run([&]() -> awaitable<void> {
        loop.get().call_soon([&] { turned = true; });
        co_await rill::with_task_group([&](rill::task_group& g) -> awaitable<void> {
            for (int i = 0; i < 10; ++i)
                g.create_task(
                    [&]() -> awaitable<void> {
                        ++ended;
                        co_return;
                    },
                    task_options().eager()
                );
            co_return;
        });
        CHECK_FALSE(turned);
    });
    CHECK(ended == 10);
}

} // namespace
