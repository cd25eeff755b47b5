// SPDX-License-Identifier: BSL-1.0
//
// A concurrent_queue between everything that can wait: loops, pools, plain threads. Each item arrives
// once, whatever is cancelled, closed or destroyed meanwhile: the tsan preset runs this.
// RILL_TEST_ITEMS=10000000 makes the first test longer.
#include <support/aborted.hpp>
#include <support/sanitized.hpp>

#include <rill/cancel_scope.hpp>
#include <rill/concurrent_queue.hpp>
#include <rill/run.hpp>
#include <rill/task.hpp>
#include <rill/task_group.hpp>

#include <boost/asio/bind_executor.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_future.hpp>

#include <doctest/doctest.h>

#include <array>
#include <atomic>
#include <cstdint>
#include <cstdlib>
#include <latch>
#include <memory>
#include <optional>
#include <thread>
#include <vector>

namespace {

namespace asio = boost::asio;
using rill::awaitable;
using namespace std::chrono_literals;

std::uint64_t items_to_send()
{
    if (const char* number = std::getenv("RILL_TEST_ITEMS"))
        return std::strtoull(number, nullptr, 10);
    return test::sanitized ? 100'000 : 1'000'000;
}

bool says_closed(const rill::system_error& e)
{
    return e.code() == rill::errc::shut_down;
}

constexpr std::size_t producers = 4;

struct item {
    std::size_t producer = 0;
    std::uint64_t number = 0; // counted from 1 by each producer
};

using item_queue = rill::concurrent_queue<item>;

/// What one consumer has seen.
class ledger {
public:
    void enter(const item& i)
    {
        in_order_ = in_order_ && i.number > last_[i.producer];
        last_[i.producer] = i.number;
        ++count_;
        sum_ += i.number;
    }

    void add(const ledger& other)
    {
        in_order_ = in_order_ && other.in_order_;
        count_ += other.count_;
        sum_ += other.sum_;
    }

    bool in_order() const { return in_order_; }

    std::uint64_t count() const { return count_; }

    std::uint64_t sum() const { return sum_; }

private:
    std::array<std::uint64_t, producers> last_{};
    std::uint64_t count_ = 0;
    std::uint64_t sum_ = 0;
    bool in_order_ = true;
};

/// A fourth each of coroutines on two loops, of handlers on a pool and of a blocking thread.
class exchange {
public:
    explicit exchange(std::uint64_t each)
        : each_(each)
    {}

    ledger run()
    {
        std::vector<std::thread> threads;
        for (std::size_t i = 0; i < 2; ++i) {
            threads.emplace_back([this, i] { rill::run(put_all(i)); });
            threads.emplace_back([this, i] { rill::run(get_all(seen_[i])); });
        }
        threads.emplace_back([this] { put_all_blocking(2); });
        threads.emplace_back([this] { get_all_blocking(seen_[2]); });
        asio::thread_pool putting(1);
        asio::thread_pool getting(1);
        put_next(putting, {3, 1});
        get_next(getting, seen_[3]);
        for (std::thread& t : threads)
            t.join();
        putting.join();
        getting.join();
        ledger all;
        for (const ledger& seen : seen_)
            all.add(seen);
        return all;
    }

private:
    awaitable<void> put_all(std::size_t producer)
    {
        for (std::uint64_t n = 1; n <= each_; ++n)
            co_await queue_.put({producer, n});
        close_after_last();
    }

    awaitable<void> get_all(ledger& seen)
    {
        try {
            for (;;)
                seen.enter(co_await queue_.get());
        } catch (const rill::system_error& e) {
            CHECK(says_closed(e));
        }
    }

    void put_all_blocking(std::size_t producer)
    {
        for (std::uint64_t n = 1; n <= each_; ++n)
            queue_.blocking_put({producer, n});
        close_after_last();
    }

    void get_all_blocking(ledger& seen)
    {
        try {
            for (;;)
                seen.enter(queue_.blocking_get());
        } catch (const rill::system_error& e) {
            CHECK(says_closed(e));
        }
    }

    void put_next(asio::thread_pool& pool, item next)
    {
        const auto stored = [this, &pool, next](rill::error_code ec) {
            CHECK_FALSE(ec);
            if (next.number == each_)
                close_after_last();
            else
                put_next(pool, {next.producer, next.number + 1});
        };
        queue_.async_put(next, asio::bind_executor(pool, stored));
    }

    void get_next(asio::thread_pool& pool, ledger& seen)
    {
        const auto got = [this, &pool, &seen](rill::error_code ec, item i) {
            if (ec)
                return;
            seen.enter(i);
            get_next(pool, seen);
        };
        queue_.async_get(asio::bind_executor(pool, got));
    }

    void close_after_last()
    {
        if (++ended_ == producers)
            queue_.close();
    }

    std::uint64_t each_;
    asio::io_context never_run_;
    item_queue queue_{never_run_.get_executor(), 64};
    std::array<ledger, 4> seen_;
    std::atomic<std::size_t> ended_ = 0;
};

TEST_CASE("concurrent_queue: eight threads of all kinds, each item once and in its producer's order"
)
{
    const std::uint64_t each = items_to_send() / producers;
    const ledger all = exchange(each).run();
    CHECK(all.count() == producers * each);
    CHECK(all.sum() == producers * (each * (each + 1) / 2));
    CHECK(all.in_order());
}

constexpr int rounds = test::sanitized ? 3'000 : 20'000;
constexpr int closings = 200;

/// Counts what was put and what was got, with sums, so that a loss and a double do not cancel.
struct account {
    void add(int value)
    {
        ++count;
        sum += value;
    }

    std::atomic<int> count = 0;
    std::atomic<std::int64_t> sum = 0;
};

TEST_CASE("concurrent_queue: gets are cancelled on their loop while another thread puts")
{
    asio::io_context never_run;
    rill::concurrent_queue<int> queue(never_run.get_executor(), 4);
    account got;
    int cancelled = 0;
    std::thread producer([&] {
        for (int i = 1; i <= rounds; ++i)
            queue.blocking_put(i);
        queue.close();
    });
    rill::run([&]() -> awaitable<void> {
        for (bool closed = false; !closed;) {
            auto getter = rill::create_task(queue.get());
            co_await rill::yield();
            getter.cancel();
            while (!getter.done())
                co_await rill::yield();
            if (!getter.exception())
                got.add(getter.result());
            else if (getter.cancelled())
                ++cancelled;
            else
                closed = true;
        }
    });
    producer.join();
    while (const auto left = queue.try_get())
        got.add(*left);
    CHECK(got.count == rounds);
    CHECK(got.sum == std::int64_t{rounds} * (rounds + 1) / 2);
    CHECK(queue.statistics().getters == 0);
    MESSAGE(cancelled, " gets were cancelled in time");
}

TEST_CASE("concurrent_queue: puts are cancelled on their loop while another thread gets")
{
    asio::io_context never_run;
    rill::concurrent_queue<std::unique_ptr<int>> queue(never_run.get_executor(), 1);
    account put;
    account got;
    std::thread consumer([&] {
        try {
            for (;;)
                got.add(*queue.blocking_get());
        } catch (const rill::system_error& e) {
            CHECK(says_closed(e));
        }
    });
    rill::run([&]() -> awaitable<void> {
        for (int i = 1; i <= rounds; ++i) {
            auto putter = rill::create_task(queue.put(std::make_unique<int>(i)));
            co_await rill::yield();
            putter.cancel();
            while (!putter.done())
                co_await rill::yield();
            if (!putter.exception())
                put.add(i);
        }
    });
    queue.close();
    consumer.join();
    CHECK(got.count == put.count);
    CHECK(got.sum == put.sum);
    CHECK(queue.statistics().putters == 0);
}

TEST_CASE("concurrent_queue: blocking calls that run out of time lose nothing, and keep their value"
)
{
    asio::io_context never_run;
    rill::concurrent_queue<std::unique_ptr<int>> queue(never_run.get_executor(), 1);
    account got;
    std::thread producer([&] {
        for (int i = 1; i <= rounds; ++i) {
            auto value = std::make_unique<int>(i);
            while (!queue.blocking_put(value, 1us))
                REQUIRE(value);
        }
        queue.close();
    });
    try {
        for (;;)
            if (const auto value = queue.blocking_get(1us))
                got.add(**value);
    } catch (const rill::system_error& e) {
        CHECK(says_closed(e));
    }
    producer.join();
    CHECK(got.count == rounds);
    CHECK(got.sum == std::int64_t{rounds} * (rounds + 1) / 2);
}

/// Puts until the queue says that it is closed, and counts what was taken.
template <class Queue>
void put_until_closed(Queue& queue, account& put)
{
    try {
        for (int i = 1;; ++i) {
            queue.blocking_put(i);
            put.add(i);
        }
    } catch (const rill::system_error& e) {
        CHECK(says_closed(e));
    }
}

TEST_CASE("concurrent_queue: closed while all wait or are about to: what was put is got")
{
    asio::io_context never_run;
    for (int round = 0; round < closings; ++round) {
        rill::concurrent_queue<int> queue(never_run.get_executor(), 2);
        account put;
        account got;
        std::latch started(4);
        std::vector<std::thread> threads;
        for (int i = 0; i < 2; ++i)
            threads.emplace_back([&] {
                started.arrive_and_wait();
                put_until_closed(queue, put);
            });
        threads.emplace_back([&] {
            started.arrive_and_wait();
            rill::run([&]() -> awaitable<void> {
                try {
                    for (;;)
                        got.add(co_await queue.get());
                } catch (const rill::system_error& e) {
                    CHECK(says_closed(e));
                }
            });
        });
        started.arrive_and_wait();
        for (int i = 0; i < round % 50; ++i)
            std::this_thread::yield();
        queue.close();
        for (std::thread& t : threads)
            t.join();
        CHECK(got.count == put.count);
        CHECK(got.sum == put.sum);
    }
}

TEST_CASE("concurrent_queue: closed while puts wait and nobody gets: they end, and one is stored")
{
    asio::io_context never_run;
    for (int round = 0; round < closings; ++round) {
        rill::concurrent_queue<int> queue(never_run.get_executor(), 1);
        account put;
        std::vector<std::thread> threads;
        for (int i = 0; i < 3; ++i)
            threads.emplace_back([&] { put_until_closed(queue, put); });
        while (queue.statistics().putters < static_cast<std::size_t>(round % 4))
            std::this_thread::yield();
        queue.close();
        for (std::thread& t : threads)
            t.join();
        CHECK(put.count == (queue.try_get() ? 1 : 0));
    }
}

TEST_CASE("concurrent_queue: destroyed while tasks of other loops wait, they end as aborted")
{
    constexpr std::ptrdiff_t waiting = 3;
    asio::io_context never_run;
    for (int round = 0; round < closings; ++round) {
        auto queue = std::make_unique<rill::concurrent_queue<int>>(never_run.get_executor(), 1);
        std::atomic<int> aborted = 0;
        std::latch about_to_wait(waiting + 1);
        std::vector<std::thread> threads;
        for (int i = 0; i < waiting; ++i)
            threads.emplace_back([&] {
                rill::run([&]() -> awaitable<void> {
                    const auto get = rill::create_task(queue->get());
                    co_await rill::yield();
                    about_to_wait.count_down();
                    co_await get.async_wait(asio::deferred);
                    if (test::was_aborted(get))
                        ++aborted;
                });
            });
        about_to_wait.arrive_and_wait();
        queue.reset();
        for (std::thread& t : threads)
            t.join();
        CHECK(aborted == waiting);
    }
}

TEST_CASE("concurrent_queue: loops end with tasks that wait, and the queue serves the others")
{
    asio::io_context never_run;
    rill::concurrent_queue<int> queue(never_run.get_executor(), 4);
    constexpr int times = rounds / 5;
    std::atomic<bool> go_on = true;
    account got;
    std::thread producer([&] {
        for (int i = 1; go_on; ++i) {
            queue.blocking_put(i);
            std::this_thread::yield();
        }
        queue.close();
    });
    std::atomic<int> left_waiting = 0;
    std::thread ending_loops([&] {
        // Until enough were left waiting for something to have been tested.
        for (int round = 0; round < times || left_waiting < times / 10; ++round) {
            rill::loop loop;
            for (int i = 0; i < 3; ++i)
                rill::create_task(loop.get_executor(), [&]() -> awaitable<void> {
                    ++left_waiting;
                    got.add(co_await queue.get());
                    --left_waiting;
                });
            loop.poll();
        }
        go_on = false;
    });
    try {
        for (;;)
            got.add(queue.blocking_get());
    } catch (const rill::system_error& e) {
        CHECK(says_closed(e));
    }
    producer.join();
    ending_loops.join();
    const auto stats = queue.statistics();
    CHECK(stats.getters == 0);
    CHECK(stats.got == stats.put);
    const auto lost =
        stats.got - static_cast<std::uint64_t>(got.count); // on their way to a loop's end
    CHECK(lost <= static_cast<std::uint64_t>(left_waiting));
    MESSAGE(
        left_waiting.load(), " tasks were left waiting, ", lost, " items were on their way to them"
    );
}

TEST_CASE("concurrent_queue: plain coroutines of Asio's on a pool of several threads")
{
    asio::thread_pool pool(3);
    asio::io_context never_run;
    rill::concurrent_queue<int> queue(never_run.get_executor(), 2);
    const auto send = [&](int first, int last) -> awaitable<void> {
        for (int i = first; i <= last; ++i)
            co_await queue.put(i);
    };
    const auto receive = [&](int count) -> awaitable<std::int64_t> {
        std::int64_t sum = 0;
        for (int i = 0; i < count; ++i)
            sum += co_await queue.get();
        co_return sum;
    };
    auto one = asio::co_spawn(pool, send(1, rounds), asio::use_future);
    auto two = asio::co_spawn(pool, send(rounds + 1, 2 * rounds), asio::use_future);
    auto a = asio::co_spawn(pool, receive(rounds), asio::use_future);
    auto b = asio::co_spawn(pool, receive(rounds), asio::use_future);
    one.get();
    two.get();
    CHECK(a.get() + b.get() == std::int64_t{rounds} * (2 * rounds + 1));
    pool.join();
}

} // namespace
