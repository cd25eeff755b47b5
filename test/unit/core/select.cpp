// SPDX-License-Identifier: BSL-1.0
#include <support/loop.hpp>
#include <support/sanitized.hpp>

#include <rill/event.hpp>
#include <rill/future.hpp>
#include <rill/queue.hpp>
#include <rill/select.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

#include <cstdint>
#include <memory>
#include <random>
#include <string>

namespace {

using rill::awaitable;
using namespace std::chrono_literals;

TEST_CASE("select: the first to complete counts, and the others leave their lines")
{
    test::loop loop;
    rill::queue<int> numbers(loop.executor());
    rill::event stop(loop.executor());
    auto t = loop.spawn([&]() -> awaitable<std::size_t> {
        auto got = co_await rill::select(numbers.get(), stop.wait(), rill::sleep(5s));
        co_return got.index();
    });
    loop.settle();
    stop.set();
    loop.settle();
    CHECK(t.result() == 1);
    CHECK(numbers.try_put(1));
    CHECK(numbers.size() == 1); // nobody waits for it any more
}

TEST_CASE("select: a time limit beside a queue leaves the item where it is")
{
    test::loop loop;
    rill::queue<std::unique_ptr<int>> items(loop.executor());
    const auto index = loop.run([&]() -> awaitable<std::size_t> {
        auto got = co_await rill::select(items.get(), rill::sleep(5s));
        co_return got.index();
    });
    CHECK(index == 1);
    CHECK(items.try_put(std::make_unique<int>(3)));
    const auto value = loop.run([&]() -> awaitable<int> {
        auto got = co_await rill::select(items.get(), rill::sleep(5s));
        co_return *std::get<0>(got);
    });
    CHECK(value == 3);
}

TEST_CASE("select: if several are ready, the first counts and the others do not begin")
{
    test::loop loop;
    rill::queue<int> a(loop.executor());
    rill::queue<int> b(loop.executor());
    a.try_put(1);
    b.try_put(2);
    loop.run([&]() -> awaitable<void> {
        auto got = co_await rill::select(a.get(), b.get());
        CHECK(std::get<0>(got) == 1);
    });
    CHECK(b.size() == 1);
}

TEST_CASE("select: two that complete in one turn: one counts, the other keeps its value")
{
    test::loop loop;
    rill::queue<int> a(loop.executor());
    rill::queue<int> b(loop.executor());
    auto t = loop.spawn([&]() -> awaitable<int> {
        auto got = co_await rill::select(a.get(), b.get());
        co_return got.index() == 0 ? std::get<0>(got) : std::get<1>(got);
    });
    loop.settle();
    b.try_put(2);
    a.try_put(1);
    loop.settle();
    CHECK(t.result() == 2);
    CHECK(a.size() == 1);
    CHECK(b.empty());
}

TEST_CASE("select: tasks and futures that lose run on and keep their results")
{
    test::loop loop;
    rill::future<int> answer(loop.executor());
    auto slow = loop.spawn(rill::sleep(2s, 7));
    const auto index = loop.run([&]() -> awaitable<std::size_t> {
        auto got = co_await rill::select(answer, slow, rill::sleep(1s));
        co_return got.index();
    });
    CHECK(index == 2);
    CHECK_FALSE(answer.done());
    loop.advance(2s);
    CHECK(slow.result() == 7);
    loop.run([&]() -> awaitable<void> {
        auto got = co_await rill::select(answer, slow);
        CHECK(std::get<1>(got) == 7);
    });
}

TEST_CASE("select: a winner that failed gives its error")
{
    test::loop loop;
    rill::future<int> broken(loop.executor());
    broken.set_exception(std::runtime_error("broken"));
    CHECK_THROWS_WITH(
        loop.run([&]() -> awaitable<void> { co_await rill::select(broken, rill::sleep(1s)); }),
        "broken"
    );
}

TEST_CASE("select: cancelled, all leave their lines; what completed before the cancel is delivered")
{
    test::loop loop;
    rill::queue<int> items(loop.executor());
    int got = 0;
    const auto take = [&]() -> awaitable<void> {
        auto first = co_await rill::select(items.get(), rill::sleep(1h));
        got = std::get<0>(first);
    };
    auto cancelled = loop.spawn(take);
    loop.settle();
    cancelled.cancel();
    items.try_put(1);
    loop.settle();
    CHECK(cancelled.cancelled());
    CHECK(items.try_get() == 1);

    auto in_time = loop.spawn(take);
    loop.settle();
    items.try_put(2);
    in_time.cancel();
    loop.settle();
    CHECK(got == 2);
}

TEST_CASE("select: a handle that cannot be awaited is refused before anything has begun")
{
    test::loop loop;
    test::loop other;
    auto foreign = other.spawn(rill::sleep(1s, 1));
    rill::queue<int> items(loop.executor());
    const auto refused = [&](rill::task<int> t) -> awaitable<void> {
        co_await rill::select(items.get(), t);
    };
    CHECK_THROWS_AS(loop.run(refused(foreign)), std::logic_error);
    CHECK_THROWS_AS(loop.run(refused(rill::task<int>())), rill::invalid_state);
    CHECK(items.try_put(1));
    CHECK(items.size() == 1); // nobody is left in its line
    other.advance(1s);
}

TEST_CASE("select: it works in a coroutine that is no task")
{
    test::loop loop;
    rill::queue<int> items(loop.executor());
    int got = 0;
    auto foreign = [&]() -> awaitable<void> {
        auto first = co_await rill::select(items.get(), rill::sleep(1h));
        got = std::get<0>(first);
    };
    boost::asio::co_spawn(loop.context(), foreign, boost::asio::detached);
    loop.settle();
    items.try_put(4);
    loop.settle();
    CHECK(got == 4);
}

TEST_CASE("select: a loop ends with selections that wait, and one that is decided")
{
    test::abandoned_loop loop;
    auto items = std::make_unique<rill::queue<int>>(loop.executor());
    const auto take = [&]() -> awaitable<void> {
        co_await rill::select(items->get(), rill::sleep(1h));
    };
    loop.spawn(take);
    loop.spawn(take);
    loop.settle();
    items->try_put(1);
}

/// Producers put 1, 2, 3, ... into three queues; consumers select among them, a clock and a stop, and
/// are cancelled at random. What went in is what came out, or is left.
TEST_CASE("select: a million random races lose nothing and double nothing")
{
    constexpr std::uint64_t races = test::sanitized ? 100'000 : 1'000'000;
    test::loop loop;
    std::mt19937 random(4711);
    rill::queue<std::uint64_t> a(loop.executor(), 2);
    rill::queue<std::uint64_t> b(loop.executor(), 1);
    rill::queue<std::uint64_t> c(loop.executor());
    std::uint64_t in = 0;
    std::uint64_t out = 0;
    std::uint64_t count = 0;
    const auto consume = [&]() -> awaitable<void> {
        for (;;) {
            auto got = co_await rill::select(a.get(), b.get(), c.get(), rill::sleep(1ms));
            ++count;
            if (got.index() == 0)
                out += std::get<0>(got);
            else if (got.index() == 1)
                out += std::get<1>(got);
            else if (got.index() == 2)
                out += std::get<2>(got);
        }
    };
    std::vector<rill::task<void>> consumers(4);
    for (auto& t : consumers)
        t = loop.spawn(consume);
    std::uint64_t next = 0;
    while (count < races) {
        for (int i = 0; i < 4; ++i) {
            auto& q = random() % 3 == 0 ? a : random() % 2 == 0 ? b : c;
            if (q.try_put(next + 1))
                in += ++next;
        }
        if (random() % 8 == 0) {
            auto& victim = consumers[random() % consumers.size()];
            victim.cancel();
            victim = loop.spawn(consume);
        }
        if (random() % 4 == 0)
            loop.settle();
        if (random() % 64 == 0)
            loop.advance(1ms);
    }
    for (auto& t : consumers)
        t.cancel();
    loop.settle();
    for (auto* q : {&a, &b, &c})
        while (auto left = q->try_get())
            out += *left;
    CHECK(out == in);
}

} // namespace
