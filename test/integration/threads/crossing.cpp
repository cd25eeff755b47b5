// SPDX-License-Identifier: BSL-1.0
//
// What may cross threads, with as many threads as it takes to go wrong: the tsan preset runs this.
#include <rill/loop.hpp>
#include <rill/queue.hpp>
#include <rill/run.hpp>

#include <boost/asio/bind_executor.hpp>
#include <boost/asio/thread_pool.hpp>

#include <doctest/doctest.h>

#include <cstdint>
#include <thread>
#include <vector>

namespace {

using rill::awaitable;
using namespace std::chrono_literals;

TEST_CASE("CB-12: callbacks from several threads each arrive once, in the order of each thread")
{
    constexpr int threads = 4;
    constexpr int each = 2000;
    rill::loop loop;
    std::vector<int> next(threads, 0);
    int total = 0;
    std::vector<std::thread> senders;
    for (int t = 0; t < threads; ++t)
        senders.emplace_back([&, t] {
            for (int i = 0; i < each; ++i)
                loop.call_soon_threadsafe([&, t, i] {
                    CHECK(next[static_cast<std::size_t>(t)]++ == i);
                    if (++total == threads * each)
                        loop.stop();
                });
        });
    loop.run_forever();
    for (std::thread& s : senders)
        s.join();
    CHECK(total == threads * each);
}

TEST_CASE("task: cancels from other threads, while the tasks end by themselves")
{
    constexpr int rounds = 300;
    int ended = 0;
    for (int i = 0; i < rounds; ++i) {
        std::thread other;
        rill::run([&]() -> awaitable<void> {
            auto t = rill::create_task([]() -> awaitable<void> {
                for (int k = 0; k < 20; ++k)
                    co_await rill::yield();
            });
            other = std::thread([&t] { t.cancel(); });
            while (!t.done())
                co_await rill::yield();
            ++ended;
            other.join(); // the request may be on its way still; the loop outlives it
        });
    }
    CHECK(ended == rounds);
}

TEST_CASE("existing: handlers on a pool take items of a loop's queue, each item once")
{
    constexpr std::uint64_t count = 5000;
    boost::asio::thread_pool pool(3);
    std::atomic<std::uint64_t> sum{0};
    std::atomic<std::uint64_t> taken{0};
    {
        rill::loop loop;
        rill::queue<std::uint64_t> queue(loop.get_executor());
        loop.run_until_complete([&]() -> awaitable<void> {
            for (std::uint64_t i = 0; i < count; ++i) {
                const auto take = [&](rill::error_code, std::uint64_t v) {
                    sum += v;
                    ++taken;
                };
                queue.async_get(boost::asio::bind_executor(pool, take));
                queue.try_put(i);
                if (i % 100 == 0)
                    co_await rill::yield();
            }
            co_await rill::yield();
        }());
        pool.join();
    }
    CHECK(taken == count);
    CHECK(sum == count * (count - 1) / 2);
}

} // namespace
