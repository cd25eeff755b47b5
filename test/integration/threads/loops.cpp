// SPDX-License-Identifier: BSL-1.0
//
// Loops in several threads, and objects that go from one to another: the tsan preset runs this.
#include <rill/event.hpp>
#include <rill/future.hpp>
#include <rill/queue.hpp>
#include <rill/run.hpp>
#include <rill/sleep.hpp>
#include <rill/task_group.hpp>
#include <rill/thread_future.hpp>
#include <rill/timeout.hpp>
#include <rill/to_thread.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <atomic>
#include <future>
#include <latch>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace {

using rill::awaitable;
using namespace std::chrono_literals;

constexpr int threads = 4;

/// Calls f(number) in each of several threads at once, and waits for them.
template <class F>
void in_threads(F f)
{
    std::vector<std::thread> running;
    for (int i = 0; i < threads; ++i)
        running.emplace_back([&f, i] { f(i); });
    for (std::thread& t : running)
        t.join();
}

/// A bit of everything.
awaitable<int> work(int number)
{
    rill::queue<int> items(2);
    int sum = 0;
    const auto produce = [&]() -> awaitable<void> {
        for (int i = 0; i < 100; ++i)
            co_await items.put(number);
    };
    const auto consume = [&]() -> awaitable<void> {
        for (int i = 0; i < 100; ++i)
            sum += co_await items.get();
    };
    co_await rill::timeout(1h, [&]() -> awaitable<void> {
        co_await rill::with_task_group([&](rill::task_group& g) -> awaitable<void> {
            g.create_task(produce());
            g.create_task(consume());
            co_await rill::sleep(1us);
        });
    });
    const auto add_one = [sum] { return sum + 1; };
    co_return co_await rill::to_thread(add_one);
}

TEST_CASE("THR-01, THR-05: one loop for each thread, many at once, and each does its own work")
{
    std::vector<int> sums(threads, 0);
    std::vector<std::size_t> tasks(threads, 0);
    in_threads([&](int i) {
        const auto n = static_cast<std::size_t>(i);
        sums[n] = rill::run([&]() -> awaitable<int> {
            const int sum = co_await work(i);
            tasks[n] = rill::all_tasks().size();
            co_return sum;
        });
    });
    for (int i = 0; i < threads; ++i) {
        CHECK(sums[static_cast<std::size_t>(i)] == 100 * i + 1);
        CHECK(tasks[static_cast<std::size_t>(i)] == 1);
    }
}

TEST_CASE("THR-03, TASK-21: handles of a running loop's tasks may be let go in other threads")
{
    constexpr int count = 500;
    int freed = 0;
    std::vector<std::string> reported;
    rill::run([&]() -> awaitable<void> {
        rill::this_loop().set_exception_handler([&](const rill::exception_context& c) {
            reported.push_back(to_string(c));
        });
        const auto mark = std::shared_ptr<int>(new int, [&freed](int* p) {
            delete p;
            ++freed;
        });
        std::vector<rill::task<int>> tasks;
        for (int i = 0; i < count; ++i)
            tasks.push_back(rill::create_task([mark, i]() -> awaitable<int> {
                co_await rill::yield();
                if (i % 100 == 0)
                    throw std::runtime_error("nobody looks at it");
                co_return i;
            }));
        co_await rill::to_thread([tasks = std::move(tasks)]() mutable { tasks.clear(); });
        while (rill::all_tasks().size() > 1)
            co_await rill::yield();
    });
    CHECK(freed == 1);
    CHECK(reported.size() == count / 100);
}

/// What awaiting `handle` on another loop says.
template <class Handle>
std::string refusal(Handle& handle)
{
    std::string text;
    rill::run([&]() -> awaitable<void> {
        try {
            co_await handle;
        } catch (const std::logic_error& e) {
            text = e.what();
        }
    });
    return text;
}

TEST_CASE("THR-04: awaiting a task or a future of another loop is refused at the first wait")
{
    rill::loop mine;
    rill::future<int> future(mine.get_executor());
    auto task = rill::create_task(mine.get_executor(), []() -> awaitable<int> { co_return 1; });
    std::string of_future;
    std::string of_task;
    std::thread([&] {
        of_future = refusal(future);
        of_task = refusal(task);
    }).join();
    CHECK(of_future.find("belongs to another loop") != std::string::npos);
    CHECK(of_task.find("run_coroutine_threadsafe") != std::string::npos);
    CHECK(mine.run_until_complete(task) == 1);
}

TEST_CASE("CB-13: a threadsafe handle that another thread cancels before its call is not called")
{
    constexpr int count = 2000;
    rill::loop loop;
    std::atomic<int> cancelled = 0;
    std::atomic<int> ended_senders = 0;
    int called = 0;
    std::thread runner([&] { loop.run_forever(); });
    in_threads([&](int) {
        for (int i = 0; i < count; ++i) {
            auto handle = loop.call_soon_threadsafe([&] { ++called; });
            if (i % 2 == 0 && handle.cancel())
                ++cancelled;
        }
        if (++ended_senders == threads)
            loop.call_soon_threadsafe([&] { loop.stop(); });
    });
    runner.join();
    CHECK(called + cancelled == threads * count);
}

TEST_CASE("CB-13: what a handle holds goes when another thread cancels it, though the loop is busy")
{
    rill::loop loop;
    std::promise<void> busy;
    std::promise<void> go;
    bool called = false;
    auto held = std::make_shared<int>();
    loop.call_soon([&] {
        busy.set_value();
        go.get_future().wait();
        loop.stop();
    });
    std::thread runner([&] { loop.run_forever(); });
    busy.get_future().wait();
    auto handle = loop.call_soon_threadsafe([&called, held] { called = true; });
    CHECK(handle.cancel());
    CHECK(held.use_count() == 1);
    go.set_value();
    runner.join();
    loop.poll();
    CHECK_FALSE(called);
}

TEST_CASE("CB-14: cancelling a threadsafe handle while it is being called returns at once")
{
    rill::loop loop;
    std::promise<void> begun;
    std::promise<void> go;
    std::thread runner([&] { loop.run_forever(); });
    auto handle = loop.call_soon_threadsafe([&] {
        begun.set_value();
        go.get_future().wait(); // for the cancel to have returned
        loop.stop();
    });
    begun.get_future().wait();
    CHECK_FALSE(handle.cancel());
    CHECK_FALSE(handle.cancelled());
    go.set_value();
    runner.join();
}

TEST_CASE("LOOP-10: calls from other threads race with the loop's end, and learn that it is gone")
{
    constexpr int rounds = 50;
    for (int round = 0; round < rounds; ++round) {
        auto loop = std::make_unique<rill::loop>();
        std::latch started(threads + 1);
        const auto held = std::make_shared<int>();
        std::vector<std::thread> senders;
        for (int i = 0; i < threads; ++i)
            senders.emplace_back([&, held] {
                started.arrive_and_wait();
                try {
                    for (;;)
                        loop->call_soon_threadsafe([held] {});
                } catch (const std::logic_error&) {
                }
            });
        started.arrive_and_wait();
        loop->poll_one();
        loop->close();
        for (std::thread& t : senders)
            t.join();
        CHECK(held.use_count() == 1);
    }
}

TEST_CASE("TASK-20, TASK-21: coroutines from several threads, some cancelled, each with one outcome"
)
{
    rill::loop loop;
    std::thread runner([&] { loop.run_forever(); });
    std::atomic<int> values = 0;
    std::atomic<int> cancelled = 0;
    constexpr int count = 200;
    in_threads([&](int) {
        for (int i = 0; i < count; ++i) {
            const auto future = rill::run_coroutine_threadsafe(loop, []() -> awaitable<int> {
                co_await rill::yield();
                co_return 1;
            });
            if (i % 2 == 0)
                future.cancel();
            try {
                values += future.get();
            } catch (const rill::cancelled_error&) {
                ++cancelled;
            }
        }
    });
    loop.call_soon_threadsafe([&] { loop.stop(); });
    runner.join();
    loop.cancel_all_tasks();
    CHECK(values + cancelled == threads * count);
    CHECK(values >= threads * count / 2);
}

TEST_CASE("EX-04, EX-08: waits are cancelled while calls end in threads, and loops end before them")
{
    rill::thread_pool pool(threads);
    std::atomic<int> calls = 0;
    for (int round = 0; round < 100; ++round)
        rill::run([&]() -> awaitable<void> {
            std::vector<rill::task<int>> tasks;
            for (int i = 0; i < 20; ++i)
                tasks.push_back(rill::create_task(rill::run_in_executor(pool, [&calls] {
                    return ++calls;
                })));
            co_await rill::yield();
            for (auto& t : tasks)
                if (!t.done())
                    t.cancel();
        });
    CHECK(calls <= 2000);
}

} // namespace
