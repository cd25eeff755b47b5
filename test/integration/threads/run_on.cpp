// SPDX-License-Identifier: BSL-1.0
//
// Coroutines of a server whose io_context is run by a pool of threads await work on a loop of
// another thread: the tsan preset runs this.
#include <support/sanitized.hpp>

#include <rill/cleanup.hpp>
#include <rill/loop_thread.hpp>
#include <rill/run.hpp>
#include <rill/run_on.hpp>
#include <rill/sleep.hpp>
#include <rill/task.hpp>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/bind_executor.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/use_future.hpp>

#include <doctest/doctest.h>

#include <atomic>
#include <future>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace {

namespace asio = boost::asio;
using rill::awaitable;
using namespace std::chrono_literals;

/// The io_context of the usual Asio server.
class server {
public:
    server()
    {
        for (int i = 0; i < 3; ++i)
            threads_.emplace_back([this] { io.run(); });
    }

    ~server()
    {
        work_.reset();
        for (std::thread& t : threads_)
            t.join();
    }

    /// Runs a coroutine on a strand of its own, and gives what it gives.
    template <class T>
    T run(awaitable<T> body)
    {
        return asio::co_spawn(asio::make_strand(io), std::move(body), asio::use_future).get();
    }

    asio::io_context io;

private:
    asio::executor_work_guard<asio::io_context::executor_type> work_{io.get_executor()};
    std::vector<std::thread> threads_;
};

std::thread::id id_of(rill::loop_thread& worker)
{
    const auto look = []() -> awaitable<std::thread::id> { co_return std::this_thread::get_id(); };
    return rill::async_run_on(worker, look, asio::use_future).get();
}

awaitable<void> for_ever()
{
    co_await rill::sleep(1h);
}

/// What a coroutine of the server's sees of a run_on: "1", "cancelled", "loop ended".
awaitable<std::string> outcome_of(awaitable<int> run)
{
    try {
        co_return std::to_string(co_await std::move(run));
    } catch (const boost::system::system_error& e) {
        if (e.code() == rill::errc::loop_ended)
            co_return "loop ended";
        co_return rill::is_cancellation(e) ? "cancelled" : e.what();
    }
}

TEST_CASE("run_on: the body runs on the loop's thread, and the caller goes on on its strand")
{
    server pool;
    rill::loop_thread worker;
    const auto strand = asio::make_strand(pool.io);
    const auto main = [&]() -> awaitable<void> {
        const auto there = co_await rill::run_on(worker, []() -> awaitable<std::thread::id> {
            co_await rill::yield();
            co_return std::this_thread::get_id();
        });
        CHECK(there == id_of(worker));
        CHECK(strand.running_in_this_thread());
    };
    asio::co_spawn(strand, main(), asio::use_future).get();
}

struct only_moved {
    explicit only_moved(int n)
        : number(std::make_unique<int>(n))
    {}

    std::unique_ptr<int> number;
};

TEST_CASE("run_on: a result that is only moved and has no default, none, or an exception as it is")
{
    server pool;
    rill::loop_thread worker;
    pool.run([&]() -> awaitable<void> {
        const only_moved result = co_await rill::run_on(worker, []() -> awaitable<only_moved> {
            co_return only_moved(7);
        });
        CHECK(*result.number == 7);

        co_await rill::run_on(worker.get_executor(), []() -> awaitable<void> { co_return; });

        const auto fail = []() -> awaitable<void> {
            co_await rill::yield();
            throw std::runtime_error("no such order");
        };
        auto failing = rill::run_on(worker.context(), fail);
        CHECK_THROWS_WITH_AS(co_await std::move(failing), "no such order", std::runtime_error);
    }());
}

TEST_CASE("run_on: a task of one loop awaits another loop, or its own")
{
    rill::loop_thread worker;
    rill::run([&]() -> awaitable<void> {
        const auto here = std::this_thread::get_id();
        const auto where = []() -> awaitable<std::thread::id> {
            co_await rill::yield();
            co_return std::this_thread::get_id();
        };
        CHECK(co_await rill::run_on(worker, where) == id_of(worker));
        CHECK(co_await rill::run_on(rill::this_loop(), where) == here);
    });
}

TEST_CASE("async_run_on: callbacks, futures and coroutines")
{
    server pool;
    rill::loop_thread worker;
    const auto seven = []() -> awaitable<int> { co_return 7; };
    CHECK(rill::async_run_on(worker, seven, asio::use_future).get() == 7);

    std::promise<std::thread::id> called_on;
    rill::async_run_on(worker, seven, [&](std::exception_ptr, int) {
        called_on.set_value(std::this_thread::get_id());
    });
    CHECK(called_on.get_future().get() == id_of(worker)); // where a handler has no executor

    pool.run([&]() -> awaitable<void> {
        CHECK(co_await rill::async_run_on(worker, seven, asio::use_awaitable) == 7);
        auto later = rill::async_run_on(worker, seven, asio::deferred);
        CHECK(co_await std::move(later) == 7);
        const auto fail = []() -> awaitable<int> { throw std::runtime_error("failed"); };
        auto [error, none] =
            co_await rill::async_run_on(worker, fail, asio::as_tuple(asio::use_awaitable));
        CHECK(error);
        CHECK(none == 0);
    }());
}

TEST_CASE("run_on: a cancellation crosses, and the wait lasts until the task has ended")
{
    server pool;
    rill::loop_thread worker;
    std::promise<void> begun;
    std::atomic<bool> cleaned_up = false;
    const auto work = [&]() -> awaitable<int> {
        begun.set_value();
        const auto clean_up = [&]() -> awaitable<void> {
            co_await rill::sleep(1ms);
            cleaned_up = true;
        };
        co_await rill::with_cleanup(for_ever, clean_up, 1min);
        co_return 0;
    };
    const auto strand = asio::make_strand(pool.io);
    asio::cancellation_signal stop;
    std::promise<bool> ended;
    rill::async_run_on(
        worker,
        work,
        asio::bind_cancellation_slot(
            stop.slot(),
            asio::bind_executor(
                strand,
                [&](std::exception_ptr e, int) {
                    ended.set_value(cleaned_up && rill::is_cancellation(e));
                }
            )
        )
    );
    begun.get_future().get();
    asio::post(strand, [&] { stop.emit(asio::cancellation_type::total); });
    CHECK(ended.get_future().get());
}

TEST_CASE("run_on: what a cancelled task gives nevertheless is not lost")
{
    rill::loop_thread worker;
    std::promise<void> begun;
    const auto work = [&]() -> awaitable<int> {
        begun.set_value();
        try {
            co_await for_ever();
        } catch (const rill::cancelled_error&) {
        }
        co_return 7;
    };
    rill::run([&]() -> awaitable<void> {
        auto waiting = rill::create_task(outcome_of(rill::run_on(worker, work)));
        co_await rill::yield();
        begun.get_future().get();
        waiting.cancel();
        CHECK(co_await waiting == "7");
    });
}

TEST_CASE("run_on: cancelled before its loop had a turn, the body never runs")
{
    asio::io_context later;
    bool ran = false;
    const auto body = [&]() -> awaitable<int> {
        ran = true;
        co_return 1;
    };
    rill::run([&]() -> awaitable<void> {
        auto waiting = rill::create_task(outcome_of(rill::run_on(later, body)));
        co_await rill::yield();
        waiting.cancel();
        CHECK(co_await waiting == "cancelled");
    });
    later.run();
    CHECK_FALSE(ran);
}

TEST_CASE("run_on: a loop that has ended, ends before the task, or while it runs, says so")
{
    server pool;
    std::optional<rill::loop_thread> worker(std::in_place);
    std::promise<void> begun;
    const auto work = [&]() -> awaitable<int> {
        begun.set_value();
        co_await for_ever();
        co_return 0;
    };
    const auto one = []() -> awaitable<int> { co_return 1; };
    auto waiting =
        asio::co_spawn(pool.io, outcome_of(rill::run_on(*worker, work)), asio::use_future);
    begun.get_future().get();
    worker->stop();
    CHECK(waiting.get() == "loop ended");
    worker->join();
    CHECK(pool.run(outcome_of(rill::run_on(*worker, one))) == "loop ended");

    asio::io_context never_run;
    auto queued =
        asio::co_spawn(pool.io, outcome_of(rill::run_on(never_run, one)), asio::use_future);
    worker.reset();
    worker.emplace();
    CHECK(pool.run(outcome_of(rill::run_on(*worker, one))) == "1");
    never_run.poll();
    CHECK(queued.get() == "1");
}

TEST_CASE("run_on: an io_context that is destroyed takes what it was given with it, and says so")
{
    server pool;
    std::optional<asio::io_context> there(std::in_place);
    const auto one = []() -> awaitable<int> { co_return 1; };
    std::promise<void> sent;
    const auto main = [&]() -> awaitable<std::string> {
        // It comes after this step on the strand, in which the message is sent.
        asio::post(co_await asio::this_coro::executor, [&] { sent.set_value(); });
        co_return co_await outcome_of(rill::run_on(*there, one));
    };
    auto result = asio::co_spawn(asio::make_strand(pool.io), main(), asio::use_future);
    sent.get_future().get();
    there.reset();
    CHECK(result.get() == "loop ended");
}

TEST_CASE("run_on: the end of the context takes who waits in it, and cancels what he waits for")
{
    rill::loop_thread worker;
    std::promise<void> begun;
    std::promise<bool> ended;
    const auto work = [&]() -> awaitable<void> {
        begun.set_value();
        try {
            co_await for_ever();
        } catch (const rill::cancelled_error&) {
            ended.set_value(true);
        }
    };
    const auto held = std::make_shared<int>();
    const auto wait = [&worker, &work, held]() -> awaitable<void> {
        const asio::steady_timer of_the_context(co_await asio::this_coro::executor);
        co_await rill::run_on(worker, work);
    };
    {
        server pool;
        asio::co_spawn(asio::make_strand(pool.io), wait(), asio::detached);
        begun.get_future().get();
        pool.io.stop();
    }
    CHECK(held.use_count() == 2);
    CHECK(ended.get_future().get());
}

TEST_CASE("run_on: contexts end while others end the waits in them")
{
    rill::loop_thread worker;
    for (int round = 0; round < 100; ++round) {
        std::optional<server> pool(std::in_place);
        for (int i = 0; i < 5; ++i) {
            const auto body = []() -> awaitable<void> { co_await rill::yield(); };
            asio::co_spawn(asio::make_strand(pool->io), rill::run_on(worker, body), asio::detached);
        }
        pool->io.stop();
        pool.reset();
    }
    CHECK(id_of(worker) != std::this_thread::get_id());
}

TEST_CASE("run_on: an executor that is no io_context's is refused")
{
    asio::thread_pool pool(1);
    rill::run([&]() -> awaitable<void> {
        auto wrong = rill::run_on(pool.get_executor(), for_ever);
        CHECK_THROWS_AS(co_await std::move(wrong), std::invalid_argument);
    });
}

TEST_CASE("run_on: many coroutines of a pool, some cancelled, each with one outcome")
{
    constexpr int count = test::sanitized ? 500 : 5000;
    server pool;
    rill::loop_thread worker;
    std::atomic<int> values = 0;
    std::atomic<int> cancelled = 0;
    std::atomic<int> on_loop = 0;
    const auto one = [&](int i) {
        asio::cancellation_signal stop;
        const auto strand = asio::make_strand(pool.io);
        std::promise<void> ended;
        const auto body = [&on_loop, i]() -> awaitable<int> {
            if (i % 3 == 0)
                co_await rill::sleep(1ms);
            ++on_loop;
            co_return 1;
        };
        const auto counted = [&](std::exception_ptr e, int n) {
            if (e)
                ++cancelled;
            else
                values += n;
            ended.set_value();
        };
        asio::post(strand, [&] {
            rill::async_run_on(
                worker,
                body,
                asio::bind_cancellation_slot(stop.slot(), asio::bind_executor(strand, counted))
            );
        });
        if (i % 2 == 0)
            asio::post(strand, [&] { stop.emit(asio::cancellation_type::terminal); });
        ended.get_future().get();
        asio::post(strand, asio::use_future).get(); // nobody emits any more
    };
    std::vector<std::thread> callers;
    for (int t = 0; t < 2; ++t)
        callers.emplace_back([&] {
            for (int i = 0; i < count; ++i)
                one(i);
        });
    for (std::thread& c : callers)
        c.join();
    CHECK(values + cancelled == 2 * count);
    CHECK(values == on_loop);
}

} // namespace
