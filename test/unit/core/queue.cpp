// SPDX-License-Identifier: BSL-1.0
#include <support/aborted.hpp>
#include <support/how.hpp>
#include <support/loop.hpp>
#include <support/sanitized.hpp>

#include <rill/cancel_scope.hpp>
#include <rill/queue.hpp>
#include <rill/random.hpp>
#include <rill/task.hpp>
#include <rill/timeout.hpp>

#include <algorithm>
#include <array>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace {

using rill::awaitable;
using namespace std::chrono_literals;

template <class Queue>
awaitable<void> put_all(Queue& q, std::vector<int> values)
{
    for (const int v : values)
        co_await q.put(v);
}

template <class Queue>
awaitable<std::vector<int>> get_some(Queue& q, std::size_t n)
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

TEST_CASE("Q-05, Q-06, Q-07: a cancelled get leaves the line, and the item goes to the next")
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

TEST_CASE("Q-01, Q-08: the value of a cancelled put makes no room and takes none")
{
    test::loop loop;
    rill::queue<std::string> q(loop.executor(), rill::capacity_by(4, &std::string::size));
    REQUIRE(q.try_put("abc"));
    auto large = loop.spawn(q.put("defg"));
    const auto small = loop.spawn(q.put("h"));
    loop.settle();
    CHECK_FALSE(small.done()); // behind the large one
    large.cancel();
    loop.settle();
    CHECK(small.done());
    CHECK(q.full());
}

TEST_CASE("Q-10 (stronger): a woken getter has its item, so nobody can take it first")
{
    test::loop loop;
    rill::queue<int> q(loop.executor());
    const auto waiting = loop.spawn(q.get());
    loop.settle();
    q.try_put(1);
    CHECK_FALSE(q.try_get());
    const auto thief = loop.spawn(q.get());
    loop.settle();
    CHECK(waiting.result() == 1);
    CHECK_FALSE(thief.done());
    q.try_put(2);
}

TEST_CASE("Q-12: a lifo_queue gives the newest first, a priority_queue the smallest")
{
    test::loop loop;
    rill::lifo_queue<int> newest(loop.executor(), 3);
    rill::priority_queue<int> smallest(loop.executor(), 3);
    rill::priority_queue<int, std::greater<int>> largest(loop.executor());
    for (const int v : {2, 3, 1}) {
        newest.try_put(v);
        smallest.try_put(v);
        largest.try_put(v);
    }
    CHECK(newest.full());
    CHECK(loop.run(get_some(newest, 3)) == std::vector{1, 3, 2});
    CHECK(loop.run(get_some(smallest, 3)) == std::vector{1, 2, 3});
    CHECK(loop.run(get_some(largest, 3)) == std::vector{3, 2, 1});
}

TEST_CASE("Q-12: a priority_queue gives equal ones in the order in which they came")
{
    struct job {
        int urgency;
        int number;
        std::unique_ptr<int> movable_only = {};

        bool operator<(const job& other) const { return urgency < other.urgency; }
    };
    test::loop loop;
    rill::priority_queue<job> q(loop.executor());
    for (int i = 0; i < 100; ++i)
        q.try_put(job{i % 3, i});
    int last = -1;
    for (int i = 0; i < 100; ++i) {
        const auto next = q.try_get();
        REQUIRE(next);
        const int place = next->urgency * 1000 + next->number;
        CHECK(place > last);
        last = place;
    }
}

TEST_CASE("Q-04, Q-12: those who wait to put come in by their turn, and leave by the queue's order")
{
    test::loop loop;
    rill::priority_queue<int> q(loop.executor(), 1);
    const auto putter = loop.spawn(put_all(q, {5, 4}));
    const auto other = loop.spawn(put_all(q, {1}));
    loop.settle();
    CHECK(loop.run(get_some(q, 3)) == std::vector{5, 4, 1});
}

TEST_CASE("Q-13: task_done() more often than items were put is a logic error")
{
    test::loop loop;
    rill::queue<int> q(loop.executor());
    CHECK_THROWS_AS(q.task_done(), std::logic_error);
    q.try_put(1);
    q.try_get();
    q.task_done();
    CHECK_THROWS_AS(q.task_done(), std::logic_error);
}

TEST_CASE("Q-14: join waits for a task_done() for each item, and all who join wake")
{
    test::loop loop;
    rill::queue<int> q(loop.executor());
    loop.run(q.join()); // unused: at once
    q.try_put(1);
    const auto a = loop.spawn(q.join());
    const auto b = loop.spawn(q.join());
    loop.settle();
    q.try_put(2); // counts again
    loop.run(get_some(q, 2));
    q.task_done();
    loop.settle();
    CHECK_FALSE(a.done());
    q.task_done();
    loop.settle();
    CHECK(a.done());
    CHECK(b.done());
    loop.run(q.join());
}

TEST_CASE("Q-14: a cancelled join leaves the line")
{
    test::loop loop;
    rill::queue<int> q(loop.executor());
    q.try_put(1);
    auto join = loop.spawn(q.join());
    loop.settle();
    join.cancel();
    loop.settle();
    CHECK(join.cancelled());
    q.task_done();
}

TEST_CASE("Q-15: shut down, put fails, also for those who wait, and gets drain what is left")
{
    test::loop loop;
    rill::queue<int> q(loop.executor(), 1);
    q.try_put(1);
    const auto putter = loop.spawn(test::how(q.put(2)));
    loop.settle();
    q.shutdown();
    CHECK(q.is_shut_down());
    CHECK_FALSE(q.try_put(3));
    loop.settle();
    CHECK(putter.result() == "the queue is shut down [rill:1]");
    CHECK(loop.run(test::how(q.put(4))) == putter.result());
    CHECK(loop.run(q.get()) == 1);
    CHECK(loop.run(test::how(q.get())) == putter.result());
}

TEST_CASE("Q-15: shut down while empty, those who wait for an item end")
{
    test::loop loop;
    rill::queue<int> q(loop.executor());
    const auto getter = loop.spawn(test::how(q.get()));
    test::completion<int> callback;
    q.async_get(callback.handler());
    loop.settle();
    q.shutdown();
    loop.settle();
    CHECK(getter.result() == "the queue is shut down [rill:1]");
    CHECK(callback.error() == rill::errc::shut_down);
}

TEST_CASE("Q-15: an item handed over before the shutdown is delivered")
{
    test::loop loop;
    rill::queue<int> q(loop.executor());
    const auto getter = loop.spawn(q.get());
    loop.settle();
    q.try_put(1);
    q.shutdown(true);
    loop.settle();
    CHECK(getter.result() == 1);
    CHECK(q.statistics().unfinished == 1);
}

TEST_CASE("Q-18: shutdown may be repeated, and be immediate then: what is stored counts as done")
{
    test::loop loop;
    rill::queue<int> q(loop.executor());
    for (const int v : {1, 2, 3})
        q.try_put(v);
    q.shutdown();
    q.shutdown();
    CHECK(q.size() == 3);
    const auto join = loop.spawn(q.join());
    loop.run(q.get());
    q.shutdown(true);
    CHECK(q.empty());
    loop.settle();
    CHECK_FALSE(join.done()); // the one that was got is being worked on
    q.task_done();
    loop.settle();
    CHECK(join.done());
}

TEST_CASE("queue: a capacity in bytes counts bytes; what is too large comes in alone")
{
    test::loop loop;
    rill::queue<std::string> q(loop.executor(), rill::capacity_by(10, &std::string::size));
    CHECK(q.try_put("12345"));
    CHECK_FALSE(q.try_put("123456"));
    CHECK(q.try_put("12345"));
    CHECK(q.full());
    const auto large = loop.spawn(q.put(std::string(100, 'x')));
    loop.settle();
    q.try_get();
    loop.settle();
    CHECK_FALSE(large.done());
    q.try_get();
    loop.settle();
    CHECK(large.done());
    CHECK(q.size() == 1);
    CHECK_FALSE(q.try_put(""));
    CHECK(q.try_get()->size() == 100);
    CHECK(q.try_put("12345"));
}

TEST_CASE("queue: a large item that leaves makes room for several that wait")
{
    test::loop loop;
    rill::queue<std::string> q(loop.executor(), rill::capacity_by(3, &std::string::size));
    REQUIRE(q.try_put("abc"));
    std::vector<rill::task<void>> putters;
    for (const char* v : {"d", "e", "f", "g"})
        putters.push_back(loop.spawn(q.put(v)));
    loop.settle();
    q.try_get();
    CHECK(q.size() == 3);
    loop.settle();
    CHECK(putters[2].done());
    CHECK_FALSE(putters[3].done());
    q.try_get();
}

TEST_CASE("queue: what a size function throws leaves the call that puts, and nothing else changes")
{
    test::loop loop;
    const auto size = [](int v) -> std::size_t {
        if (v == 13)
            throw std::runtime_error("unlucky");
        return 1;
    };
    rill::queue<int> q(loop.executor(), rill::capacity_by(2, size));
    REQUIRE(q.try_put(1));
    REQUIRE(q.try_put(2));
    const auto waiting = loop.spawn(q.put(3));
    loop.settle();
    const auto unlucky = loop.spawn(test::how([&]() -> awaitable<void> { co_await q.put(13); }));
    CHECK_THROWS_WITH(static_cast<void>(q.put(13)), "unlucky");
    CHECK_THROWS_WITH(q.try_put(13), "unlucky");
    CHECK_THROWS_WITH(q.async_put(13, [](rill::error_code) {}), "unlucky");
    loop.settle();
    CHECK(unlucky.result() == "unlucky");
    CHECK(loop.run(get_some(q, 3)) == std::vector{1, 2, 3});
    CHECK(waiting.done());
}

TEST_CASE("queue: an item is measured once, when it is put, in whichever order items are given back"
)
{
    test::loop loop;
    int asked = 0;
    const auto size = [&](int) { return static_cast<std::size_t>(++asked); }; // never the same
    const auto fill_and_drain = [&](auto& q) {
        asked = 0;
        for (int i = 0; i < 3; ++i)
            CHECK(q.try_put(i)); // takes 1, 2, 3 of 6
        CHECK(q.full());
        while (q.try_get())
            continue;
        CHECK(asked == 3);
        CHECK(q.try_put(0)); // 4: all the room is there again
        CHECK_FALSE(q.full());
    };
    rill::queue<int> fifo(loop.executor(), rill::capacity_by(6, size));
    rill::lifo_queue<int> lifo(loop.executor(), rill::capacity_by(6, size));
    rill::priority_queue<int> sorted(loop.executor(), rill::capacity_by(6, size));
    fill_and_drain(fifo);
    fill_and_drain(lifo);
    fill_and_drain(sorted);
}

TEST_CASE("BY-46: a queue's statistics count items stored, promised and unfinished, and who waits")
{
    test::loop loop;
    rill::queue<int> q(loop.executor(), 1);
    const auto getter = loop.spawn(q.get());
    const auto second = loop.spawn(q.get());
    loop.settle();
    CHECK(q.statistics().getters == 2);
    q.try_put(1);
    CHECK(q.statistics().promised == 1);
    q.try_put(2);
    q.try_put(3);
    const auto putter = loop.spawn(q.put(4));
    loop.settle();
    const auto now = q.statistics();
    CHECK(now.stored == 1);
    CHECK(now.promised == 0);
    CHECK(now.unfinished == 3);
    CHECK(now.getters == 0);
    CHECK(now.putters == 1);
    q.try_get();
}

TEST_CASE("queue: what waits says the queue's name")
{
    test::loop loop;
    rill::queue<int> q(loop.executor(), 1);
    q.set_name("orders");
    const auto said = [&](awaitable<void> wait) {
        try {
            loop.run(rill::timeout(1ms, std::move(wait)));
        } catch (const rill::timeout_error& e) {
            return std::string(e.what());
        }
        return std::string();
    };
    CHECK(
        said(put_all(q, {1, 2})).find("waited for room in queue 'orders' at ") != std::string::npos
    );
    CHECK(said(q.join()).find("the end of the work of queue 'orders'") != std::string::npos);
    q.shutdown(true);
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
    CHECK(test::was_aborted(getter));
    CHECK(test::was_aborted(putter));
}

/// Puts numbers of its own, in order, some of them in vain; tells which were stored.
awaitable<void>
produce(rill::queue<int>& q, rill::random_source& random, int first, std::vector<int>& stored)
{
    for (int i = first; i < first + 20; ++i) {
        const auto limit = std::chrono::milliseconds(random() % 4);
        if (co_await rill::move_on_after(limit, q.put(i)))
            stored.push_back(i);
        if (random() % 3 == 0)
            co_await rill::yield();
    }
}

awaitable<void> consume(rill::queue<int>& q, rill::random_source& random, std::vector<int>& got)
{
    while (!q.is_shut_down() || !q.empty()) {
        const auto limit = std::chrono::milliseconds(random() % 4);
        if (const auto v = co_await rill::move_on_after(limit, q.get()))
            got.push_back(*v);
        co_await rill::sleep(std::chrono::milliseconds(random() % 2));
    }
}

/// Whether those of each producer are in the order in which it put them.
bool in_order(const std::vector<int>& got)
{
    std::array<int, 3> last{-1, -1, -1};
    for (const int v : got)
        if (std::exchange(last.at(static_cast<std::size_t>(v / 100)), v) >= v)
            return false;
    return true;
}

TEST_CASE("queue: random schedules: what was stored is got, once, and in order")
{
    for (std::uint64_t seed = 0; seed < test::schedules; ++seed) {
        INFO("seed ", seed);
        test::loop loop;
        rill::queue<int> q(loop.executor(), seed % 4);
        rill::random_source random(seed);
        std::vector<int> stored;
        std::array<std::vector<int>, 2> got;
        std::vector<rill::task<void>> producers;
        for (int p = 0; p < 3; ++p)
            producers.push_back(loop.spawn(produce(q, random, p * 100, stored)));
        for (std::vector<int>& into : got)
            loop.spawn(test::how(consume(q, random, into)));
        loop.advance(5ms);
        producers[seed % 3].cancel();
        loop.advance(100ms); // 20 puts of at most 3 ms
        for (const rill::task<void>& p : producers)
            REQUIRE(p.done());
        q.shutdown();
        loop.advance(100ms);
        CHECK(in_order(got[0]));
        CHECK(in_order(got[1]));
        std::vector<int> all = got[0];
        all.insert(all.end(), got[1].begin(), got[1].end());
        std::sort(all.begin(), all.end());
        std::sort(stored.begin(), stored.end());
        CHECK(all == stored);
    }
}

} // namespace
