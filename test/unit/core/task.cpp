// SPDX-License-Identifier: BSL-1.0
#include <support/loop.hpp>

#include <rill/event.hpp>
#include <rill/task.hpp>

#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

namespace {

using rill::awaitable;
using namespace std::chrono_literals;

awaitable<int> answer()
{
    co_await rill::yield();
    co_return 42;
}

awaitable<int> fail(std::string text)
{
    co_await rill::yield();
    throw std::runtime_error(text);
}

TEST_CASE("TASK-01: a task carries its coroutine's value")
{
    test::loop loop;
    const auto t = loop.spawn(answer());
    CHECK_FALSE(t.done());
    CHECK_THROWS_AS(t.result(), rill::invalid_state);
    loop.settle();
    REQUIRE(t.done());
    CHECK(t.result() == 42);
    CHECK(t.exception() == nullptr);
}

TEST_CASE("TASK-01: a task carries its coroutine's exception unchanged")
{
    test::loop loop;
    const auto t = loop.spawn(fail("broken"));
    loop.settle();
    CHECK_THROWS_WITH_AS(t.result(), "broken", std::runtime_error);
    CHECK_FALSE(t.cancelled());
}

TEST_CASE("TASK-02: nothing of a task runs inside create_task, and tasks start in order")
{
    test::loop loop;
    std::vector<int> order;
    for (int i = 0; i < 5; ++i)
        loop.spawn([&order, i]() -> awaitable<void> {
            order.push_back(i);
            co_return;
        });
    CHECK(order.empty());
    loop.settle();
    CHECK(order == std::vector{0, 1, 2, 3, 4});
}

TEST_CASE("CB-01: starts, wake-ups and callbacks keep the order in which they were posted")
{
    test::loop loop;
    std::string order;
    const auto say = [&order](char c) -> awaitable<void> {
        order += c;
        co_return;
    };
    loop.get().call_soon([&] { order += 'a'; });
    loop.spawn(say('b'));
    loop.get().call_soon([&] { order += 'c'; });
    loop.spawn(say('d'));
    loop.settle();
    CHECK(order == "abcd");
}

TEST_CASE("SLP-02: tasks that yield take turns in the order in which they yielded")
{
    test::loop loop;
    std::string order;
    for (const char name : {'a', 'b', 'c'})
        loop.spawn([&order, name]() -> awaitable<void> {
            for (int i = 0; i < 3; ++i) {
                order += name;
                co_await rill::yield();
            }
        });
    loop.settle();
    CHECK(order == "abcabcabc");
}

TEST_CASE("task: awaiting it gives the result to each of several waiters")
{
    test::loop loop;
    const auto t = loop.spawn(answer());
    const auto twice = [&]() -> awaitable<int> {
        const int first = co_await t;
        co_return first + co_await t; // done by now: gives the value without suspending
    };
    const auto a = loop.spawn(twice);
    const auto b = loop.spawn(twice);
    loop.settle();
    CHECK(a.result() == 84);
    CHECK(b.result() == 84);
}

TEST_CASE("task: awaiting one that has ended does not suspend")
{
    test::loop loop;
    const auto t = loop.spawn(answer());
    loop.settle();
    std::string order;
    loop.run([&]() -> awaitable<void> {
        rill::this_loop().call_soon([&] { order += "callback "; });
        order += std::to_string(co_await t) + " ";
        co_await rill::yield();
    });
    CHECK(order == "42 callback ");
}

TEST_CASE("task: awaiting a failed one rethrows the same exception, each time")
{
    test::loop loop;
    const auto t = loop.spawn(fail("once"));
    loop.run([&]() -> awaitable<void> {
        for (int i = 0; i < 2; ++i) {
            std::string text;
            try {
                co_await t;
            } catch (const std::runtime_error& e) {
                text = e.what();
            }
            CHECK(text == "once");
        }
    });
}

struct no_default {
    explicit no_default(int v)
        : value(v)
    {}

    int value;
};

TEST_CASE("task: a result need not be default-constructible")
{
    test::loop loop;
    const auto make = []() -> awaitable<no_default> {
        co_await rill::yield();
        co_return no_default(7);
    };
    const auto outer = loop.spawn([&]() -> awaitable<int> {
        const auto t = rill::create_task(make());
        co_return (co_await t).value;
    });
    loop.settle();
    CHECK(outer.result() == 7);
}

TEST_CASE("task: a move-only result is taken out by awaiting the moved handle")
{
    test::loop loop;
    const auto make = []() -> awaitable<std::unique_ptr<int>> {
        co_await rill::yield();
        co_return std::make_unique<int>(9);
    };
    const int value = loop.run([&]() -> awaitable<int> {
        auto t = rill::create_task(make());
        const std::unique_ptr<int> p = co_await std::move(t);
        co_return *p;
    });
    CHECK(value == 9);
}

TEST_CASE("TASK-09: names are unique by default, can be given and be changed")
{
    test::loop loop;
    const auto a = loop.spawn(answer());
    const auto b = loop.spawn(answer());
    auto c = loop.spawn(answer(), "refill");
    CHECK(a.name() != b.name());
    CHECK(a.name().starts_with("Task-"));
    CHECK(c.name() == "refill");
    c.set_name("drain");
    CHECK(c.name() == "drain");
    loop.settle();
}

TEST_CASE("TASK-10: the current task is right across interleaving tasks and empty in callbacks")
{
    test::loop loop;
    CHECK_FALSE(rill::current_task());
    const auto check = [](std::string name) -> awaitable<void> {
        for (int i = 0; i < 3; ++i) {
            CHECK(rill::current_task()->name() == name);
            co_await rill::yield();
        }
    };
    loop.spawn(check("a"), "a");
    loop.spawn(check("b"), "b");
    bool empty_in_callback = false;
    loop.get().call_soon([&] { empty_in_callback = !rill::current_task(); });
    loop.settle();
    CHECK(empty_in_callback);
    CHECK_FALSE(rill::current_task());
}

TEST_CASE("TASK-14: a failure that nobody looked at is reported once, when the last handle goes")
{
    test::loop loop;
    const std::string line = std::to_string(__LINE__ + 2);
    {
        const auto t = loop.spawn(fail("unseen"), "worker");
        loop.settle();
        CHECK(loop.reported().empty());
    }
    REQUIRE(loop.reported().size() == 1);
    CHECK(
        loop.reported()[0] == "task exception was never retrieved (task 'worker', created at task.cpp:" +
                                  line + "): unseen"
    );
    loop.forget_reported();
}

TEST_CASE("TASK-14: a failure that was looked at, or a cancellation, is not reported")
{
    test::loop loop;
    {
        const auto seen = loop.spawn(fail("seen"));
        auto cancelled = loop.spawn(rill::sleep(1h));
        loop.settle();
        CHECK(seen.exception());
        cancelled.cancel();
        loop.settle();
    }
    CHECK(loop.reported().empty());
}

TEST_CASE("TASK-19: the loop owns a task whose handle was dropped")
{
    test::loop loop;
    bool ended = false;
    loop.spawn([&]() -> awaitable<void> {
        co_await rill::sleep(1h);
        ended = true;
    });
    loop.advance(2h);
    CHECK(ended);
}

TEST_CASE("task: the frames of a coroutine are gone before those who await it go on")
{
    test::loop loop;
    struct guard {
        bool& gone;

        ~guard() { gone = true; }
    };
    bool gone = false;
    const auto t = loop.spawn([&]() -> awaitable<void> {
        const guard g{gone};
        co_await rill::yield();
    });
    loop.run([&]() -> awaitable<void> {
        co_await t;
        CHECK(gone);
    });
}

TEST_CASE("task: a result whose destructor starts tasks is safe (TASK-18)")
{
    test::loop loop;
    int started = 0;
    struct restless {
        rill::testing::loop* loop;
        int* started;

        ~restless()
        {
            if (!loop)
                return;
            loop->spawn([n = started]() -> awaitable<void> {
                ++*n;
                co_return;
            });
        }

        restless(rill::testing::loop& l, int& s)
            : loop(&l)
            , started(&s)
        {}

        restless(restless&& other) noexcept
            : loop(std::exchange(other.loop, nullptr))
            , started(other.started)
        {}
    };
    {
        const auto t =
            loop.spawn([&]() -> awaitable<restless> { co_return restless(loop, started); });
        loop.settle();
    }
    loop.settle();
    CHECK(started == 1);
}

} // namespace
