// SPDX-License-Identifier: BSL-1.0
#include <support/every_suspension.hpp>
#include <support/how.hpp>
#include <support/loop.hpp>

#include <rill/context_var.hpp>
#include <rill/event.hpp>
#include <rill/once.hpp>
#include <rill/shield.hpp>

#include <boost/asio/co_spawn.hpp>

#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

namespace {

namespace asio = boost::asio;
using rill::awaitable;
using namespace std::chrono_literals;

/// Work that takes a second, and counts itself.
class work {
public:
    awaitable<int> operator()()
    {
        ++begun_;
        co_await rill::sleep(1s);
        ++ended_;
        co_return 10 * ended_;
    }

    int begun() const { return begun_; }

    int ended() const { return ended_; }

private:
    int begun_ = 0;
    int ended_ = 0;
};

/// The value, for tasks that want one.
awaitable<int> value_of(rill::once<int>& once, work& w)
{
    const int& value = co_await once.run(std::ref(w));
    co_return value;
}

TEST_CASE(
    "once: all who come while it runs wait for it, and each gets a reference to the same value"
)
{
    test::loop loop;
    rill::once<int> once;
    work w;
    const auto address = [&]() -> awaitable<int*> {
        int& value = co_await once.run(std::ref(w));
        co_return &value;
    };
    std::vector<rill::task<int*>> callers;
    for (int i = 0; i < 5; ++i)
        callers.push_back(loop.spawn(address()));
    loop.settle();
    CHECK(once.statistics().waiting == 5);
    CHECK_FALSE(once.done());
    loop.advance(1s);
    for (const auto& t : callers)
        CHECK(t.result() == &once.get());
    CHECK(w.begun() == 1);
    CHECK(once.get() == 10);
}

TEST_CASE("once: done before, it does not suspend and calls nothing")
{
    test::loop loop;
    rill::once<int> once;
    work w;
    loop.run(value_of(once, w));
    const auto never = []() -> awaitable<int> { throw std::logic_error("called again"); };
    bool suspended = true;
    loop.run([&]() -> awaitable<void> {
        bool turned = false;
        loop.get().call_soon([&] { turned = true; });
        CHECK(co_await once.run(never) == 10);
        suspended = turned;
        co_await rill::yield();
    });
    CHECK_FALSE(suspended);
    CHECK(once.statistics().begun == 1);
}

TEST_CASE("once: values need be neither copyable nor default-constructible; void is one as well")
{
    struct value {
        explicit value(int n)
            : number(std::make_unique<int>(n))
        {}

        std::unique_ptr<int> number;
    };
    test::loop loop;
    rill::once<value> once;
    rill::once<> nothing;
    loop.run([&]() -> awaitable<void> {
        value& v = co_await once.run([]() -> awaitable<value> { co_return value(3); });
        CHECK(*v.number == 3);
        co_await nothing.run([]() -> awaitable<void> { co_return; });
    });
    CHECK(nothing.done());
    nothing.get();
}

TEST_CASE("once: a failure is for those who waited, and the next caller has it tried again")
{
    test::loop loop;
    rill::once<int> once;
    int calls = 0;
    const auto flaky = [&]() -> awaitable<int> {
        ++calls;
        co_await rill::sleep(1s);
        if (calls == 1)
            throw std::runtime_error("the first one fails");
        co_return calls;
    };
    const auto run = [&]() -> awaitable<int> { co_return co_await once.run(flaky); };
    const auto a = loop.spawn(test::how(run()));
    const auto b = loop.spawn(test::how(run()));
    loop.advance(1s);
    CHECK(a.result() == "the first one fails");
    CHECK(b.result() == "the first one fails");
    CHECK_FALSE(once.done());
    CHECK_THROWS_AS(once.get(), rill::invalid_state);
    CHECK(loop.run(run()) == 2);
}

TEST_CASE("once: a caller that is cancelled leaves, whoever began it, and the others do not notice")
{
    test::loop loop;
    rill::once<int> once;
    work w;
    auto first = loop.spawn(value_of(once, w));
    const auto second = loop.spawn(value_of(once, w));
    loop.settle();
    first.cancel();
    loop.settle();
    CHECK(first.cancelled());
    CHECK(once.statistics().waiting == 1);
    loop.advance(1s);
    CHECK(second.result() == 10);
    CHECK(w.begun() == 1);
}

TEST_CASE("once: a task that is cancelled already begins nothing")
{
    test::loop loop;
    rill::once<int> once;
    work w;
    const auto late = [&]() -> awaitable<void> {
        co_await asio::this_coro::throw_if_cancelled(false);
        rill::current_task()->cancel();
        co_await once.run(std::ref(w));
    };
    const auto t = loop.spawn(late);
    loop.settle();
    CHECK(t.cancelled());
    CHECK(once.statistics().begun == 0);
    CHECK(w.begun() == 0);
}

TEST_CASE("once: when the last caller has left the work is cancelled, and a newcomer begins anew")
{
    test::loop loop;
    rill::once<int> once;
    work w;
    auto a = loop.spawn(value_of(once, w));
    auto b = loop.spawn(value_of(once, w));
    loop.settle();
    a.cancel();
    b.cancel();
    loop.settle();
    CHECK_FALSE(once.statistics().running);
    CHECK(loop.run(value_of(once, w)) == 10);
    CHECK(w.begun() == 2);
    CHECK(w.ended() == 1);
}

TEST_CASE("once: work that somebody else cancels before its first step is a failure like others")
{
    test::loop loop;
    loop.one_step_at_a_time();
    rill::once<int> once;
    work w;
    const auto caller = loop.spawn(value_of(once, w));
    loop.step();
    REQUIRE(once.statistics().waiting == 1);
    for (auto& task : rill::all_tasks(loop.executor()))
        if (task.name() == "once")
            task.cancel();
    loop.settle();
    CHECK(caller.cancelled());
    CHECK(w.begun() == 0);
    CHECK_FALSE(once.statistics().running);
    CHECK(loop.run(value_of(once, w)) == 10);
}

TEST_CASE("once: a newcomer waits for the end of work that is being cancelled: no two overlap")
{
    test::loop loop;
    rill::once<int> once;
    int inside = 0;
    int begun = 0;
    const auto slow_to_stop = [&]() -> awaitable<int> {
        CHECK(++inside == 1);
        const int number = ++begun;
        try {
            co_await rill::sleep(1h);
        } catch (const rill::system_error&) {
        }
        const rill::shield_scope shield;
        co_await rill::sleep(1min);
        --inside;
        if (number == 1)
            throw rill::system_error(rill::asio::error::operation_aborted);
        co_return number;
    };
    const auto run = [&]() -> awaitable<int> { co_return co_await once.run(slow_to_stop); };
    auto first = loop.spawn(run());
    loop.settle();
    first.cancel();
    loop.settle();
    CHECK(first.cancelled());
    const auto second = loop.spawn(run());
    loop.advance(59s);
    CHECK(begun == 1);
    loop.advance(1s);
    CHECK(begun == 2);
    loop.advance(2h);
    CHECK(second.result() == 2);
}

TEST_CASE("once: work that succeeds although it was cancelled has succeeded, for the newcomer too")
{
    test::loop loop;
    rill::once<int> once;
    const auto stubborn = []() -> awaitable<int> {
        const rill::shield_scope shield;
        co_await rill::sleep(1min);
        co_return 5;
    };
    const auto run = [&]() -> awaitable<int> { co_return co_await once.run(stubborn); };
    auto first = loop.spawn(run());
    loop.settle();
    first.cancel();
    loop.settle();
    const auto second = loop.spawn(run());
    loop.advance(1min);
    CHECK(second.result() == 5);
    CHECK(once.statistics().begun == 1);
}

TEST_CASE("once (completion wins): work that has ended before the cancel gives its value")
{
    test::loop loop;
    rill::once<int> once;
    work w;
    auto caller = loop.spawn(value_of(once, w));
    loop.settle();

    SUBCASE("the end, then the cancel")
    {
        loop.one_step_at_a_time();
        REQUIRE(loop.jump());
        while (!once.done())
            REQUIRE(loop.step());
        caller.cancel();
        loop.settle();
        CHECK(caller.result() == 10);
    }
    SUBCASE("the cancel, then the end")
    {
        caller.cancel();
        loop.jump();
        loop.settle();
        CHECK(caller.cancelled());
        CHECK_FALSE(once.done());
    }
}

TEST_CASE("once: it runs as a task of its own, by its name and in the context of who caused it")
{
    const rill::context_var<int> number("number", 0);
    test::loop loop;
    rill::once<int> once("connect");
    std::string name;
    const auto look = [&]() -> awaitable<int> {
        name = rill::current_task()->name();
        co_return number.get();
    };
    const int seen = loop.run([&]() -> awaitable<int> {
        const auto here = number.scoped(4);
        co_return co_await once.run(look);
    });
    CHECK(seen == 4);
    CHECK(name == "connect");
}

TEST_CASE(
    "once: destroyed while others wait, it cancels the work, and they end with operation_aborted"
)
{
    test::loop loop;
    auto once = std::make_unique<rill::once<int>>();
    work w;
    const auto stubborn = []() -> awaitable<int> {
        const rill::shield_scope shield;
        co_await rill::sleep(1min);
        co_return 5;
    };

    SUBCASE("work that stops")
    {
        const auto caller = loop.spawn(value_of(*once, w));
        loop.settle();
        once.reset();
        loop.settle();
        CHECK(caller.cancelled());
    }
    SUBCASE("work that ends with a value")
    {
        const auto caller =
            loop.spawn([&]() -> awaitable<int> { co_return co_await once->run(stubborn); });
        loop.settle();
        once.reset();
        loop.advance(1min);
        CHECK(caller.cancelled());
    }
    CHECK(w.ended() == 0);
}

TEST_CASE("once: the loop dies while they wait; it may be elsewhere, or in a frame that waits")
{
    rill::once<int> outside;
    int frames = 0;
    {
        test::abandoned_loop loop;
        const auto stuck = [&]() -> awaitable<int> {
            const auto count = std::shared_ptr<int>(&++frames, [](int* n) { --*n; });
            co_await rill::sleep(1h);
            co_return 1;
        };
        const auto wait = [&](rill::once<int>* once) -> awaitable<void> {
            const auto count = std::shared_ptr<int>(&++frames, [](int* n) { --*n; });
            rill::once<int> inside;
            co_await (once ? *once : inside).run(stuck);
        };
        for (int i = 0; i < 2; ++i) {
            loop.spawn(wait(&outside));
            loop.spawn(wait(nullptr));
        }
        loop.settle();
        CHECK(frames == 7); // four callers, three that work
    }
    CHECK(frames == 0);
    test::loop another;
    work w;
    CHECK(another.run(value_of(outside, w)) == 10);
}

TEST_CASE("once: in a plain coroutine of Asio's")
{
    rill::asio::io_context io;
    rill::once<int> once;
    int value = 0;
    const auto quick = []() -> awaitable<int> {
        co_await rill::yield();
        co_return 6;
    };
    for (int i = 0; i < 2; ++i)
        rill::asio::co_spawn(
            io,
            [&]() -> awaitable<int> { co_return co_await once.run(quick); },
            [&](std::exception_ptr, int v) { value += v; }
        );
    io.run();
    CHECK(value == 12);
    CHECK(once.statistics().begun == 1);
}

TEST_CASE("once: interrupted at every suspension, at most one success, and nobody waits for ever")
{
    test::at_every_suspension([](test::scenario& s) {
        rill::once<int> once;
        work w;
        int values = 0;
        const auto caller = [&]() -> awaitable<void> { values += co_await value_of(once, w); };
        s.run([&]() -> awaitable<void> {
            co_await rill::with_task_group([&](rill::task_group& g) -> awaitable<void> {
                g.create_task(caller());
                g.create_task(caller());
                co_await rill::yield();
                co_await caller();
            });
        });
        CHECK(w.ended() == (once.done() ? 1 : 0));
        CHECK(once.statistics().waiting == 0);
        CHECK_FALSE(once.statistics().running);
        if (s.completed())
            CHECK(values == 30);
    });
}

} // namespace
