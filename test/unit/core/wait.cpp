// SPDX-License-Identifier: BSL-1.0
#include <support/loop.hpp>

#include <rill/future.hpp>
#include <rill/introspect.hpp>
#include <rill/select.hpp>
#include <rill/wait.hpp>

#include <list>
#include <stdexcept>
#include <string>
#include <vector>

namespace {

using rill::awaitable;
using rill::return_when;
using namespace std::chrono_literals;
using tasks = std::vector<rill::task<int>>;

awaitable<int> after(rill::duration d, int value)
{
    co_await rill::sleep(d);
    co_return value;
}

awaitable<int> fail_after(rill::duration d)
{
    co_await rill::sleep(d);
    throw std::runtime_error("no");
}

TEST_CASE("WT-01: wait gives what has ended, throws no error of it and cancels nothing")
{
    test::loop loop;
    const tasks both{loop.spawn(after(1s, 1)), loop.spawn(fail_after(2s))};
    const auto [done, pending] = loop.run(rill::wait(both));
    CHECK(done == both);
    CHECK(pending.empty());
    CHECK(test::text_of(both[1].exception()) == "no");
}

TEST_CASE("WT-02: first_completed returns with all that have ended by then")
{
    test::loop loop;
    const tasks three{loop.spawn(after(1s, 1)), loop.spawn(after(1h, 2)), loop.spawn(after(1s, 3))};
    const auto [done, pending] = loop.run(rill::wait(three, return_when::first_completed));
    CHECK(done == tasks{three[0], three[2]});
    CHECK(pending == tasks{three[1]});
    rill::task<int>(three[1]).cancel();
}

TEST_CASE("WT-03: first_exception returns at a failure, also an earlier one, and not at a cancel")
{
    test::loop loop;
    tasks three{loop.spawn(after(1h, 1)), loop.spawn(fail_after(2s)), loop.spawn(after(1h, 3))};
    auto waiting = loop.spawn(rill::wait(three, return_when::first_exception));
    loop.settle();
    three[2].cancel();
    loop.advance(1s);
    CHECK_FALSE(waiting.done());
    loop.advance(1s);
    CHECK(waiting.result().done == tasks{three[1], three[2]});

    const auto start = loop.now();
    loop.run(rill::wait(three, return_when::first_exception));
    CHECK(loop.now() == start);
    three[0].cancel();
    static_cast<void>(three[1].exception());
}

TEST_CASE("WT-04: when the time is over it gives what it has, and no timeout_error")
{
    test::loop loop;
    tasks both{loop.spawn(after(1s, 1)), loop.spawn(after(1h, 2))};
    const auto start = loop.now();
    const auto [done, pending] = loop.run(rill::wait(both, return_when::all_completed, 5s));
    CHECK(loop.now() - start == 5s);
    CHECK(done == tasks{both[0]});
    CHECK(pending == tasks{both[1]});
    CHECK(loop.run(rill::wait(both, return_when::all_completed, 0s)).pending.size() == 1);
    both[1].cancel();
}

TEST_CASE("WT-05: any range will do, duplicates count once, an empty one is an error")
{
    test::loop loop;
    const auto t = loop.spawn(after(1s, 1));
    const auto result = loop.run(rill::wait(std::list<rill::task<int>>{t, t, t}));
    CHECK(result.done == tasks{t});
    CHECK_THROWS_AS(loop.run(rill::wait(tasks())), std::invalid_argument);

    rill::future<void> f(loop.executor());
    f.set_result();
    CHECK(loop.run(rill::wait(std::vector<rill::future<void>>{f})).done.size() == 1);
}

TEST_CASE("WT-07: a wait that is cancelled leaves the tasks alone, and nothing of it stays")
{
    test::loop loop;
    tasks one{loop.spawn(after(1h, 1))};
    for (int i = 0; i < 1000; ++i) {
        auto waiting = loop.spawn(rill::wait(one, return_when::all_completed, 10s));
        loop.settle();
        waiting.cancel();
        loop.settle();
        CHECK(waiting.cancelled());
    }
    CHECK_FALSE(one[0].done());
    CHECK(rill::detail::data_of(one[0]).joiners.empty());
    one[0].cancel();
}

TEST_CASE("AC-01, AC-02: as_completed gives the very tasks, as they end, with their errors in them")
{
    test::loop loop;
    const tasks three{
        loop.spawn(after(3s, 3)), loop.spawn(fail_after(2s)), loop.spawn(after(1s, 1))
    };
    const auto order = loop.run([&]() -> awaitable<tasks> {
        tasks ended;
        auto completions = rill::as_completed(three);
        while (auto t = co_await completions.next())
            ended.push_back(*t);
        co_return ended;
    });
    CHECK(order == tasks{three[2], three[1], three[0]});
    CHECK_THROWS_AS(order[1].result(), std::runtime_error);
}

TEST_CASE("AC-04: those that have ended come first, without a wait")
{
    test::loop loop;
    const tasks both{loop.spawn(after(1h, 1)), loop.spawn(after(1s, 2))};
    loop.advance(1s);
    loop.run([&]() -> awaitable<void> {
        auto completions = rill::as_completed(both);
        const auto start = rill::this_loop().time();
        auto first = co_await completions.next();
        CHECK(*first == both[1]);
        CHECK(rill::this_loop().time() == start);
        CHECK(completions.size() == 1);
        co_await completions.next();
    });
}

TEST_CASE("AC-05: iterating can stop, be cancelled and go on, and nothing is missed")
{
    test::loop loop;
    auto started = loop.run([]() -> awaitable<rill::completions<rill::task<int>>> {
        std::vector<awaitable<int>> members;
        for (int i = 1; i <= 3; ++i)
            members.push_back(after(std::chrono::seconds(i), i));
        co_return rill::as_completed(std::move(members));
    });
    auto cut = loop.spawn(started.next());
    loop.settle();
    cut.cancel();
    loop.advance(10s);
    CHECK(cut.cancelled());
    int sum = 0;
    loop.run([&]() -> awaitable<void> {
        while (auto t = co_await started.next())
            sum += t->result();
    });
    CHECK(sum == 6);
}

TEST_CASE("AC-06: items asked for ahead are distinct, in whichever order they are awaited")
{
    test::loop loop;
    loop.run([]() -> awaitable<void> {
        std::vector<awaitable<int>> members;
        members.push_back(after(2s, 2));
        members.push_back(after(1s, 1));
        auto completions = rill::as_completed(std::move(members));
        auto a = completions.next();
        auto b = completions.next();
        const auto from_b = co_await std::move(b);
        const auto from_a = co_await std::move(a);
        CHECK(from_b->result() == 1);
        CHECK(from_a->result() == 2);
        CHECK_FALSE((co_await completions.next()).has_value());
    });
}

TEST_CASE("AC-05: whoever asks beyond the last is told of the end once that was given, not before")
{
    test::loop loop;
    const tasks one{loop.spawn(after(1s, 7))};
    auto completions = loop.run([&]() -> awaitable<rill::completions<rill::task<int>>> {
        co_return rill::as_completed(one);
    });
    auto first = loop.spawn(completions.next());
    auto second = loop.spawn(completions.next());
    auto third = loop.spawn(completions.next());
    loop.settle();
    CHECK_FALSE(second.done());
    first.cancel();
    loop.settle();
    CHECK(completions.size() == 1);
    loop.advance(1s);
    CHECK(second.result() == one[0]);
    CHECK_FALSE(third.result().has_value());
    CHECK(completions.size() == 0);
}

TEST_CASE("AC-05: an operation as others: it can be selected, and a loser leaves the item")
{
    test::loop loop;
    const tasks one{loop.spawn(after(2s, 7))};
    loop.run([&]() -> awaitable<void> {
        auto completions = rill::as_completed(one);
        const auto got = co_await rill::select(completions.next(), rill::sleep(1s));
        CHECK(got.index() == 1);
        CHECK((co_await completions.next()) == one[0]);
    });
}

TEST_CASE("IN-01, AC-05: what is iterated over is awaited by who asks, and dumps say for what")
{
    test::loop loop;
    std::size_t awaited_by = 0;
    const tasks one{loop.spawn([&]() -> awaitable<int> {
        co_await rill::sleep(1s);
        awaited_by = rill::capture_call_graph()->awaited_by.size();
        co_return 1;
    })};
    loop.spawn(
        [&]() -> awaitable<void> {
            auto completions = rill::as_completed(one);
            co_await completions.next();
        },
        "asks"
    );
    loop.settle();
    const std::string dump = loop.tasks();
    CHECK(dump.find("the next of several tasks to end at wait.cpp:") != std::string::npos);
    loop.advance(1s);
    CHECK(awaited_by == 1);
}

TEST_CASE("AC-07: duplicates count once, and an empty range gives nothing")
{
    test::loop loop;
    const auto t = loop.spawn(after(1s, 1));
    const int given = loop.run([&]() -> awaitable<int> {
        auto completions = rill::as_completed(tasks{t, t});
        int n = 0;
        while (co_await completions.next())
            ++n;
        auto none = rill::as_completed(tasks());
        if (co_await none.next())
            n = -1;
        co_return n;
    });
    CHECK(given == 1);
}

TEST_CASE("as_completed: an iteration that was moved from throws")
{
    test::loop loop;
    loop.run([]() -> awaitable<void> {
        std::vector<awaitable<int>> one;
        one.push_back(after(1s, 1));
        auto from = rill::as_completed(std::move(one));
        auto to = std::move(from);
        CHECK_THROWS_AS(static_cast<void>(from.next()), rill::invalid_state);
        CHECK_THROWS_AS(from.size(), rill::invalid_state);
        CHECK((co_await to.next())->result() == 1);
    });
}

} // namespace
