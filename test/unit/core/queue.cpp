// SPDX-License-Identifier: BSL-1.0
#include <support/loop.hpp>

#include <rill/cancel_scope.hpp>
#include <rill/queue.hpp>
#include <rill/task.hpp>

#include <memory>
#include <string>
#include <vector>

namespace {

using rill::awaitable;
using namespace std::chrono_literals;

awaitable<void> put_all(rill::queue<int>& q, std::vector<int> values)
{
    for (const int v : values)
        co_await q.put(v);
}

awaitable<std::vector<int>> get_some(rill::queue<int>& q, std::size_t n)
{
    std::vector<int> values;
    while (values.size() < n)
        values.push_back(co_await q.get());
    co_return values;
}

TEST_CASE("Q-01: items leave in the order in which they came; the sizes are exact")
{
    test::loop loop;
    rill::queue<int> q(loop.executor(), 3);
    CHECK(q.empty());
    CHECK(q.capacity() == 3);
    loop.run(put_all(q, {1, 2, 3}));
    CHECK(q.size() == 3);
    CHECK(q.full());
    CHECK(loop.run(get_some(q, 3)) == std::vector{1, 2, 3});
    CHECK(q.empty());
}

TEST_CASE("Q-01: capacity 0 is unbounded and never full")
{
    test::loop loop;
    rill::queue<int> q(loop.executor());
    for (int i = 0; i < 1000; ++i)
        CHECK(q.try_put(i));
    CHECK_FALSE(q.full());
    CHECK(q.size() == 1000);
}

TEST_CASE("Q-02: get waits for an item")
{
    test::loop loop;
    rill::queue<int> q(loop.executor());
    const auto t = loop.spawn(q.get());
    loop.settle();
    CHECK_FALSE(t.done());
    q.try_put(5);
    CHECK_FALSE(t.done());
    loop.settle();
    CHECK(t.result() == 5);
}

TEST_CASE("Q-03: try_put and try_get say when there is no room and no item")
{
    test::loop loop;
    rill::queue<std::string> q(loop.executor(), 1);
    CHECK_FALSE(q.try_get());
    CHECK(q.try_put("a"));
    std::string kept = "b";
    CHECK_FALSE(q.try_put(kept));
    CHECK(kept == "b");
    CHECK(q.try_get() == "a");
}

TEST_CASE("Q-04: put waits while the queue is full, and items keep the order of their puts")
{
    test::loop loop;
    rill::queue<int> q(loop.executor(), 1);
    const auto a = loop.spawn(put_all(q, {1, 2}));
    const auto b = loop.spawn(put_all(q, {3, 4}));
    loop.settle();
    CHECK_FALSE(a.done());
    CHECK(q.size() == 1);
    CHECK(loop.run(get_some(q, 4)) == std::vector{1, 2, 3, 4});
    CHECK(a.done());
    CHECK(b.done());
}

TEST_CASE("Q-05 (completion wins): an item handed over before the cancel is delivered")
{
    test::loop loop;
    rill::queue<int> q(loop.executor());
    auto getter = loop.spawn(q.get());
    loop.settle();
    q.try_put(1);
    getter.cancel();
    loop.settle();
    CHECK(getter.result() == 1);
}

TEST_CASE("Q-05, Q-07: a cancelled get leaves the line, and the item goes to the next")
{
    test::loop loop;
    rill::queue<int> q(loop.executor());
    auto first = loop.spawn(q.get());
    const auto second = loop.spawn(q.get());
    loop.settle();
    first.cancel();
    q.try_put(1);
    loop.settle();
    CHECK(first.cancelled());
    CHECK(second.result() == 1);
}

TEST_CASE("Q-08, Q-09: a cancelled put leaves the line and its value is not stored")
{
    test::loop loop;
    rill::queue<int> q(loop.executor(), 1);
    q.try_put(1);
    auto two = loop.spawn(q.put(2));
    const auto three = loop.spawn(q.put(3));
    loop.settle();
    two.cancel();
    CHECK(loop.run(get_some(q, 2)) == std::vector{1, 3});
    CHECK(two.cancelled());
    CHECK(three.done());
}

TEST_CASE("Q-11: many puts in one turn wake as many getters, in their order")
{
    test::loop loop;
    rill::queue<int> q(loop.executor());
    std::vector<rill::task<int>> getters;
    for (int i = 0; i < 3; ++i)
        getters.push_back(loop.spawn(q.get()));
    loop.settle();
    for (int i = 0; i < 3; ++i)
        q.try_put(i);
    loop.settle();
    for (int i = 0; i < 3; ++i)
        CHECK(getters[static_cast<std::size_t>(i)].result() == i);
}

TEST_CASE("queue: a newcomer does not overtake a getter that was promised an item")
{
    test::loop loop;
    rill::queue<int> q(loop.executor());
    const auto waiting = loop.spawn(q.get());
    loop.settle();
    q.try_put(1);
    CHECK_FALSE(q.try_get());
    loop.settle();
    CHECK(waiting.result() == 1);
}

TEST_CASE("queue: items need be neither copyable nor default-constructible")
{
    struct item {
        explicit item(std::unique_ptr<int> v)
            : value(std::move(v))
        {}

        std::unique_ptr<int> value;
    };
    test::loop loop;
    rill::queue<item> q(loop.executor(), 1);
    const auto producer = loop.spawn([&]() -> awaitable<void> {
        for (int i = 0; i < 3; ++i)
            co_await q.put(item(std::make_unique<int>(i)));
    });
    const int sum = loop.run([&]() -> awaitable<int> {
        int s = 0;
        for (int i = 0; i < 3; ++i) {
            const item got = co_await q.get();
            s += *got.value;
        }
        co_return s;
    });
    CHECK(sum == 3);
}

TEST_CASE("queue: no item is lost or doubled when gets time out as items arrive")
{
    test::loop loop;
    rill::queue<int> q(loop.executor(), 2);
    constexpr int count = 500;
    const auto producer = loop.spawn([&]() -> awaitable<void> {
        for (int i = 0; i < count; ++i) {
            co_await rill::sleep(std::chrono::milliseconds(i % 3));
            co_await q.put(i);
        }
    });
    const auto got = loop.run([&]() -> awaitable<std::vector<int>> {
        std::vector<int> values;
        for (int misses = 0; values.size() < count && misses < 10 * count;)
            if (const auto v = co_await rill::move_on_after(1ms, q.get()))
                values.push_back(*v);
            else
                ++misses;
        co_return values;
    });
    REQUIRE(got.size() == count);
    for (int i = 0; i < count; ++i)
        CHECK(got[static_cast<std::size_t>(i)] == i);
}

TEST_CASE("queue: destroyed while tasks wait, their waits end with operation_aborted")
{
    test::loop loop;
    auto empty = std::make_unique<rill::queue<int>>(loop.executor());
    auto full = std::make_unique<rill::queue<int>>(loop.executor(), 1);
    full->try_put(1);
    const auto getter = loop.spawn(empty->get());
    const auto putter = loop.spawn(full->put(2));
    loop.settle();
    empty.reset();
    full.reset();
    loop.settle();
    CHECK(getter.cancelled());
    CHECK(putter.cancelled());
}

} // namespace
