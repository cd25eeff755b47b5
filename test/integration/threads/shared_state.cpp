// SPDX-License-Identifier: BSL-1.0
//
// A shared_state used by loops, pools and plain threads at once, while callers are cancelled and loops
// end: the tsan preset runs this.
#include <support/sanitized.hpp>

#include <rill/run.hpp>
#include <rill/shared_state.hpp>
#include <rill/task.hpp>

#include <boost/asio/bind_executor.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_future.hpp>

#include <doctest/doctest.h>

#include <atomic>
#include <thread>
#include <vector>

namespace {

namespace asio = boost::asio;
using rill::awaitable;

constexpr int calls = test::sanitized ? 2'000 : 20'000;

/// Not safe for threads: a call that overlaps with another one shows.
class totals {
public:
    int add(int n)
    {
        sum_ += n;
        return ++count_;
    }

    int count() const { return count_; }

    long long sum() const { return sum_; }

private:
    int count_ = 0;
    long long sum_ = 0;
};

auto adding(int n)
{
    return [n](totals& t) { return t.add(n); };
}

/// What is in it, for a thread.
totals look(rill::shared_state<totals>& state)
{
    return state.async_with([](const totals& t) { return t; }, asio::use_future).get();
}

TEST_CASE("shared_state: loops, coroutines on a pool, handlers and threads, each call once")
{
    asio::thread_pool guarding(2);
    asio::thread_pool working(2);
    rill::shared_state<totals> state(guarding.get_executor());
    const auto add_all = [&]() -> awaitable<void> {
        for (int i = 1, last = 0; i <= calls; ++i) {
            const int count = co_await state.with(adding(i));
            CHECK(count > last);
            last = count;
        }
    };
    std::atomic<int> handled = 0;
    std::vector<std::thread> threads;
    for (int i = 0; i < 2; ++i)
        threads.emplace_back([&] { rill::run(add_all()); });
    threads.emplace_back([&] {
        for (int i = 1; i <= calls; ++i)
            state.async_with(adding(i), asio::use_future).get();
    });
    threads.emplace_back([&] {
        for (int i = 1; i <= calls; ++i)
            state.async_with(adding(i), asio::bind_executor(working, [&](std::exception_ptr, int) {
                                 ++handled;
                             }));
    });
    auto on_pool = asio::co_spawn(working, add_all(), asio::use_future);
    on_pool.get();
    for (std::thread& t : threads)
        t.join();
    working.join();
    const totals all = look(state);
    CHECK(handled == calls);
    CHECK(all.count() == 5 * calls);
    CHECK(all.sum() == 5LL * calls * (calls + 1) / 2);
}

TEST_CASE("shared_state: cancelled while another thread calls: who is told so was not counted")
{
    asio::thread_pool guarding(1);
    rill::shared_state<totals> state(guarding.get_executor());
    int delivered = 0;
    int cancelled = 0;
    rill::run([&]() -> awaitable<void> {
        for (int i = 0; i < 2 * calls; ++i) {
            auto caller = rill::create_task(state.with(adding(1)));
            for (int turn = i % 8; turn >= 0; --turn)
                co_await rill::yield();
            caller.cancel();
            while (!caller.done())
                co_await rill::yield();
            ++(caller.cancelled() ? cancelled : delivered);
        }
    });
    CHECK(look(state).count() == delivered);
    CHECK(state.statistics().waiting == 0);
    MESSAGE(cancelled, " calls of ", 2 * calls, " were cancelled in time");
}

TEST_CASE("shared_state: loops end with calls under way, and the value serves the others")
{
    asio::thread_pool guarding(1);
    rill::shared_state<totals> state(guarding.get_executor());
    for (int round = 0; round < calls / 4; ++round) {
        rill::loop loop;
        for (int i = 0; i < 4; ++i)
            rill::create_task(loop.get_executor(), state.with(adding(1)));
        loop.poll();
    }
    const totals all = look(state);
    CHECK(all.count() <= calls);
    CHECK(state.statistics().waiting == 0);
}

} // namespace
