// SPDX-License-Identifier: BSL-1.0
//
// What a wait allocates, counted: nothing, when it is awaited. The frame of a coroutine is recycled by
// Asio, as long as few of them are made at a time.
#include <support/loop.hpp>

#include <rill/barrier.hpp>
#include <rill/channel.hpp>
#include <rill/condition_variable.hpp>
#include <rill/event.hpp>
#include <rill/mutex.hpp>
#include <rill/queue.hpp>
#include <rill/rate_limiter.hpp>
#include <rill/semaphore.hpp>
#include <rill/shared_mutex.hpp>
#include <rill/sleep.hpp>
#include <rill/task.hpp>
#include <rill/task_group.hpp>

#include <cstdlib>
#include <memory>
#include <new>
#include <utility>

namespace {

long allocations = 0;

} // namespace

void* operator new(std::size_t size)
{
    ++allocations;
    if (void* p = std::malloc(size))
        return p;
    throw std::bad_alloc();
}

void operator delete(void* p) noexcept
{
    std::free(p);
}

void operator delete(void* p, std::size_t) noexcept
{
    std::free(p);
}

/// Where Asio gets the memory of its frames.
extern "C" void* aligned_alloc(std::size_t alignment, std::size_t size)
{
    ++allocations;
    void* p = nullptr;
    return ::posix_memalign(&p, alignment, size) == 0 ? p : nullptr;
}

namespace {

using rill::awaitable;
using namespace std::chrono_literals;

/// The allocations of a hundred rounds, after some that warm up: they fill the loop's list of its
/// slowest turns, which where time is jumped over all are slow. `partner` runs beside them, and wakes
/// them.
template <class Round, class Partner>
long counted(test::loop& loop, Round round, Partner partner)
{
    return loop.run([&]() -> awaitable<long> {
        auto beside = rill::create_task(partner());
        long before = 0;
        for (int i = -400; i < 100; ++i) {
            if (i == 0)
                before = allocations;
            co_await round();
        }
        const long after = allocations;
        beside.cancel();
        co_return after - before;
    });
}

/// Calls `f` again and again, with the others' turn in between.
template <class F>
auto every_turn(F f)
{
    return [f]() -> awaitable<void> {
        for (;;) {
            f();
            co_await rill::yield();
        }
    };
}

TEST_CASE("no allocation: the counter counts")
{
    test::loop loop;
    const auto allocate = []() -> awaitable<void> {
        const auto p = std::make_unique<int>(1);
        co_await rill::yield();
    };
    CHECK(counted(loop, allocate, every_turn([] {})) == 100);
}

TEST_CASE("no allocation: awaiting a lock or the like that is not to be had at once")
{
    test::loop loop;
    SUBCASE("event")
    {
        rill::event event(loop.executor());
        const auto wait = [&]() -> awaitable<void> {
            event.clear();
            co_await event.wait();
        };
        CHECK(counted(loop, wait, every_turn([&] { event.set(); })) == 0);
    }
    SUBCASE("mutex")
    {
        rill::mutex mutex(loop.executor());
        REQUIRE(mutex.try_lock());
        const auto unlock = [&] {
            if (mutex.locked())
                mutex.unlock();
        };
        const auto wait = [&]() -> awaitable<void> {
            if (!mutex.try_lock())
                co_await mutex.lock();
        };
        CHECK(counted(loop, wait, every_turn(unlock)) == 0);
    }
    SUBCASE("semaphore")
    {
        rill::semaphore semaphore(loop.executor(), 0);
        const auto wait = [&]() -> awaitable<void> { co_await semaphore.acquire(2); };
        CHECK(counted(loop, wait, every_turn([&] { semaphore.release(); })) == 0);
    }
    SUBCASE("condition_variable")
    {
        rill::condition_variable condition(loop.executor());
        const auto notify = [&] {
            if (condition.mutex().locked())
                return;
            const rill::scoped_lock lock = condition.mutex().try_lock()
                                               ? rill::scoped_lock(condition.mutex())
                                               : rill::scoped_lock();
            condition.notify();
        };
        const auto wait = [&]() -> awaitable<void> {
            const auto lock = co_await condition.scoped();
            co_await condition.wait();
        };
        CHECK(counted(loop, wait, every_turn(notify)) == 0);
    }
    SUBCASE("shared_mutex")
    {
        rill::shared_mutex mutex(loop.executor());
        REQUIRE(mutex.try_lock());
        bool writing = true;
        const auto unlock = [&] {
            if (std::exchange(writing, false))
                mutex.unlock();
        };
        const auto wait = [&]() -> awaitable<void> {
            co_await mutex.lock_shared();
            mutex.unlock_shared();
            co_await mutex.lock();
            writing = true;
        };
        CHECK(counted(loop, wait, every_turn(unlock)) == 0);
    }
    SUBCASE("barrier")
    {
        rill::barrier barrier(loop.executor(), 2);
        const auto other = [&]() -> awaitable<void> {
            for (;;)
                co_await barrier.wait();
        };
        const auto wait = [&]() -> awaitable<void> { co_await barrier.wait(); };
        CHECK(counted(loop, wait, other) == 0);
    }
}

TEST_CASE("no allocation: an item that passes from task to task, either one waiting")
{
    test::loop loop;
    SUBCASE("get waits")
    {
        rill::queue<int> queue(loop.executor(), 1);
        const auto get = [&]() -> awaitable<void> { co_await queue.get(); };
        CHECK(counted(loop, get, every_turn([&] { queue.try_put(1); })) == 0);
    }
    SUBCASE("put waits")
    {
        rill::priority_queue<int> queue(loop.executor(), 2);
        const auto put = [&]() -> awaitable<void> { co_await queue.put(1); };
        CHECK(counted(loop, put, every_turn([&] { queue.try_get(); })) == 0);
    }
    SUBCASE("a rendezvous")
    {
        rill::channel<int> channel(loop.executor(), 0);
        const auto receive = [&]() -> awaitable<void> { co_await channel.receiver.receive(); };
        const auto send = [&]() -> awaitable<void> {
            for (;;)
                co_await channel.sender.send(1);
        };
        CHECK(counted(loop, receive, send) == 0);
    }
}

TEST_CASE("no allocation: time")
{
    test::loop loop;
    const auto time_passes = every_turn([&] { loop.jump(); });
    SUBCASE("sleep")
    {
        const auto sleep = []() -> awaitable<void> { co_await rill::sleep(1ms); };
        CHECK(counted(loop, sleep, time_passes) == 0);
    }
    SUBCASE("a rate_limiter")
    {
        rill::rate_limiter limiter(loop.executor(), 1, 1ms, 1);
        const auto wait = [&]() -> awaitable<void> { co_await limiter.acquire(); };
        CHECK(counted(loop, wait, time_passes) == 0);
    }
}

TEST_CASE("allocations: three for a task that sleeps, two frames and what its handle refers to")
{
    test::loop loop;
    loop.run([]() -> awaitable<void> {
        co_await rill::with_task_group([](rill::task_group& group) -> awaitable<void> {
            const auto start = [&group](int n) -> awaitable<void> {
                for (int i = 0; i < n; ++i)
                    group.create_task(rill::sleep(1h));
                co_await rill::yield();
            };
            co_await start(5000); // more than the thread keeps memory for
            const long before = allocations;
            co_await start(1000);
            CHECK((allocations - before) / 1000 == 3); // and a few in which many tasks share
            group.cancel();
        });
    });
}

TEST_CASE("allocations: what a task and a wait are made of has not grown")
{
    if (sizeof(void*) != 8)
        return;
    CHECK(sizeof(rill::detail::task_data<void>) <= 296);
    CHECK(sizeof(rill::detail::task_promise) <= 160);
    CHECK(sizeof(rill::detail::sleep_operation) <= 104);
    CHECK(sizeof(rill::detail::task_slot) <= 16);
}

} // namespace
