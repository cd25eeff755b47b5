// SPDX-License-Identifier: BSL-1.0
//
// Whatever tasks do, deadlines, sockets, other threads and other tasks get their turn. On the real
// clock, which these rules are about; nothing here depends on how quick the machine is.
#include <rill/detail/loop/stride.hpp>
#include <rill/event.hpp>
#include <rill/loop.hpp>
#include <rill/mutex.hpp>
#include <rill/queue.hpp>
#include <rill/run.hpp>
#include <rill/sleep.hpp>
#include <rill/task.hpp>

#include <boost/asio/post.hpp>

#include <doctest/doctest.h>

#include <chrono>
#include <thread>

namespace {

using namespace std::chrono_literals;
using rill::awaitable;
using rill::detail::stride;

/// How many times a task yields until `reached` is set.
awaitable<int> yields_until(const bool& reached)
{
    int n = 0;
    while (!reached) {
        co_await rill::yield();
        ++n;
    }
    co_return n;
}

/// A step that takes a millisecond.
void compute()
{
    const auto end = std::chrono::steady_clock::now() + 1ms;
    while (std::chrono::steady_clock::now() < end)
        continue;
}

TEST_CASE("CB-02: what is due when it is armed runs within three yields")
{
    rill::run([]() -> awaitable<void> {
        for (int i = 0; i < 100; ++i) {
            bool fired = false;
            const auto timer = rill::this_loop().call_later(0s, [&] { fired = true; });
            CHECK(co_await yields_until(fired) <= 3);
        }
    });
}

TEST_CASE("a loop is fair: sockets and other threads are served within 61 short steps")
{
    rill::run([]() -> awaitable<void> {
        for (int i = 0; i < 100; ++i) {
            bool served = false;
            boost::asio::post(rill::this_loop().get_executor(), [&] { served = true; });
            CHECK(co_await yields_until(served) <= 61);
        }
    });
}

TEST_CASE("a loop is fair: after at most two steps where steps last a millisecond")
{
    rill::run([]() -> awaitable<void> {
        for (int i = 0; i < 61; ++i) { // they have been so for a while
            compute();
            co_await rill::yield();
        }
        bool served = false;
        boost::asio::post(rill::this_loop().get_executor(), [&] { served = true; });
        int steps = 0;
        while (!served) {
            compute();
            co_await rill::yield();
            ++steps;
        }
        CHECK(steps <= 2);
    });
}

TEST_CASE("a loop is fair: a deadline is met between steps that are long")
{
    rill::run([]() -> awaitable<void> {
        const auto deadline = rill::this_loop().time() + 5ms;
        bool due = false;
        const auto timer = rill::this_loop().call_at(deadline, [&] { due = true; });
        int late = 0;
        while (!due) {
            compute();
            late += rill::clock::now() >= deadline ? 1 : 0;
            co_await rill::yield();
        }
        CHECK(late >= 1);
        CHECK(late <= 4 + 1); // the first look at the clock may be four steps away
    });
}

/// Whether another task had a turn before `wait` was awaited 1000 times.
template <class Wait>
awaitable<bool> others_run(Wait wait)
{
    bool ran = false;
    const auto other = rill::create_task([&]() -> awaitable<void> {
        ran = true;
        co_return;
    });
    for (int i = 0; i < 1000 && !ran; ++i)
        co_await wait();
    const bool in_time = ran;
    co_await other;
    co_return in_time;
}

TEST_CASE("PRIM-04: waits that need not wait let others run all the same, now and then")
{
    rill::run([]() -> awaitable<void> {
        rill::event set;
        set.set();
        CHECK(co_await others_run([&] { return set.wait(); }));

        rill::queue<int> items;
        for (int i = 0; i < 1000; ++i)
            items.try_put(int(i));
        CHECK(co_await others_run([&] { return items.get(); }));
        CHECK(co_await others_run([&] { return items.put(1); }));

        const auto done = rill::create_task([]() -> awaitable<int> { co_return 1; });
        co_await done;
        CHECK(co_await others_run([&]() -> awaitable<void> { co_await done; }));
    });
}

TEST_CASE("PRIM-04: nothing is lost or done twice where others run in between")
{
    rill::run([]() -> awaitable<void> {
        rill::queue<int> items;
        for (int i = 0; i < 1000; ++i)
            items.try_put(int(i));
        for (int i = 0; i < 1000; ++i)
            CHECK(co_await items.get() == i);
        CHECK(items.empty());
    });
}

TEST_CASE("LK-01: a free lock is taken without a turn of others")
{
    rill::run([]() -> awaitable<void> {
        rill::mutex mutex;
        const auto lock = [&]() -> awaitable<void> {
            co_await mutex.lock();
            mutex.unlock();
        };
        CHECK_FALSE(co_await others_run(lock));
    });
}

TEST_CASE("io_context::stop() from a task is heeded within 61 short steps")
{
    boost::asio::io_context io;
    rill::loop loop(io);
    int steps = 0;
    const auto endless = rill::create_task(io.get_executor(), [&]() -> awaitable<void> {
        for (;; ++steps)
            co_await rill::yield();
    });
    loop.call_soon([&] { io.stop(); });
    io.run();
    CHECK(steps <= 61);
}

TEST_CASE("stride: looks after 4, 16 and 61 steps, where they are short")
{
    stride s;
    CHECK(s.begin() == 4);
    CHECK(s.after(4, 1us) == 12);
    CHECK(s.after(16, 4us) == 45);
    CHECK(s.after(61, 15us) == 0);
    CHECK(s.begin() == 4);
}

TEST_CASE("stride: a turn gets as many steps as take a tenth of a millisecond")
{
    stride s;
    CHECK(s.after(4, 100us) == 0);
    CHECK(s.begin() == 4);
    CHECK(s.after(4, 4ms) == 0); // a step of a millisecond
    CHECK(s.begin() == 1);
    SUBCASE("and more again when they are short again")
    {
        for (const std::uint64_t steps : {1u, 2u, 4u}) {
            CHECK(s.begin() == steps);
            CHECK(s.after(steps, 1us) == 0);
        }
        CHECK(s.begin() == 4);
        CHECK(s.after(4, 1us) == 4);
        CHECK(s.after(8, 1us) == 0);
    }
    SUBCASE("but one at least")
    {
        CHECK(s.after(1, 1h) == 0);
        CHECK(s.begin() == 1);
    }
}

} // namespace
