// SPDX-License-Identifier: BSL-1.0
//
// A loop in a thread of its own, and how it ends: the tsan preset runs this.
#include <rill/event.hpp>
#include <rill/loop_thread.hpp>
#include <rill/run_on.hpp>
#include <rill/shield.hpp>
#include <rill/sleep.hpp>
#include <rill/thread_future.hpp>
#include <rill/to_thread.hpp>

#include <boost/asio/bind_executor.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/thread_pool.hpp>

#include <doctest/doctest.h>
#include <pthread.h>

#include <atomic>
#include <exception>
#include <future>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace {

namespace asio = boost::asio;
using rill::awaitable;
using namespace std::chrono_literals;

awaitable<void> for_ever()
{
    co_await rill::sleep(1h);
}

TEST_CASE("loop_thread: coroutines, functions and timers run in it, under its name")
{
    rill::loop_thread worker("price reader of the shop");
    const auto look = []() -> awaitable<std::string> {
        co_await rill::sleep(1ms);
        char name[16];
        ::pthread_getname_np(::pthread_self(), name, sizeof name);
        co_return name;
    };
    CHECK(rill::run_coroutine_threadsafe(worker.get_loop(), look).get() == "price reader of");
    CHECK(worker.name() == "price reader of the shop");

    std::promise<std::thread::id> posted;
    asio::post(worker.context(), [&] { posted.set_value(std::this_thread::get_id()); });
    std::promise<std::thread::id> called;
    worker.get_loop().call_soon_threadsafe([&] { called.set_value(std::this_thread::get_id()); });
    const auto there = called.get_future().get();
    CHECK(there == posted.get_future().get());
    CHECK(there != std::this_thread::get_id());
}

TEST_CASE("loop_thread: its end cancels tasks and waits for them, and for shielded work")
{
    std::atomic<bool> cleaned_up = false;
    std::atomic<bool> shielded = false;
    {
        rill::loop_thread worker;
        std::promise<void> begun;
        const auto work = [&]() -> awaitable<void> {
            rill::event cancelled;
            const auto saved = [&]() -> awaitable<void> {
                co_await cancelled.wait();
                co_await rill::sleep(1ms);
                shielded = true;
            };
            begun.set_value();
            try {
                co_await rill::shield(saved);
            } catch (const rill::cancelled_error& e) {
                CHECK(e.message() == "the loop shuts down");
                cleaned_up = true;
                cancelled.set();
                throw;
            }
        };
        const auto future = rill::run_coroutine_threadsafe(worker.get_loop(), work);
        begun.get_future().get();
        worker.stop();
        CHECK_THROWS_AS(future.get(), rill::cancelled_error);
    }
    CHECK(cleaned_up);
    CHECK(shielded);
}

TEST_CASE("loop_thread: stopped again while it ends, it still waits for calls in other threads")
{
    std::atomic<bool> ended = false;
    std::string failed;
    rill::loop_thread worker;
    std::promise<void> begun;
    std::promise<void> cancelled;
    const auto call = [&] {
        begun.set_value();
        cancelled.get_future().wait();
        for (int i = 0; i < 1000; ++i) {
            worker.stop();
            std::this_thread::yield();
        }
        ended = true;
    };
    const auto work = [&]() -> awaitable<void> {
        rill::this_loop().set_exception_handler([&](const rill::exception_context& c) {
            failed = to_string(c);
        });
        try {
            co_await rill::to_thread(call);
        } catch (const rill::cancelled_error&) {
            cancelled.set_value();
        }
    };
    const auto future = rill::run_coroutine_threadsafe(worker.get_loop(), work);
    begun.get_future().wait();
    worker.stop();
    worker.join();
    CHECK(ended);
    CHECK(failed == "");
}

TEST_CASE(
    "loop_thread: what was posted before the stop has run, what comes after the end never does"
)
{
    std::atomic<int> ran = 0;
    const auto held = std::make_shared<int>();
    {
        rill::loop_thread worker;
        for (int i = 0; i < 100; ++i)
            asio::post(worker.get_executor(), [&] { ++ran; });
        worker.stop();
        worker.join();
        CHECK(ran == 100);
        asio::post(worker.get_executor(), [&, held] { ++ran; });
        CHECK(worker.get_loop().is_closed());
        CHECK_THROWS_AS(worker.get_loop().call_soon_threadsafe([] {}), std::logic_error);
        worker.stop();
        worker.join();
        CHECK(held.use_count() == 2);
    }
    CHECK(ran == 100);
    CHECK(held.use_count() == 1);
}

TEST_CASE("loop_thread: it may be stopped in its own thread, which cannot wait for its own end")
{
    rill::loop_thread worker;
    const auto stop = [&]() -> awaitable<void> {
        CHECK_THROWS_AS(worker.join(), std::logic_error);
        worker.stop();
        co_return;
    };
    CHECK_NOTHROW(rill::run_coroutine_threadsafe(worker.get_loop(), stop).get());
    worker.join();
}

/// Calls back on a thread of its own, where an exception is looked at and ends: ThreadSanitizer does
/// not see how libstdc++ counts the references to one.
class witness {
public:
    /// Whether the body ended as it should; false if its loop ended before.
    template <class Body>
    std::future<bool> run_on(rill::loop_thread& worker, Body body)
    {
        auto told = std::make_shared<std::promise<bool>>();
        auto future = told->get_future();
        const auto tell = [told](std::exception_ptr error, auto&&...) mutable {
            bool ended = false;
            try {
                if (const auto e = std::exchange(error, nullptr))
                    std::rethrow_exception(e);
            } catch (const rill::system_error& e) {
                ended = e.code() == rill::errc::loop_ended;
                CHECK(ended);
            }
            told->set_value(!ended);
        };
        rill::async_run_on(worker, std::move(body), asio::bind_executor(thread_, tell));
        return future;
    }

private:
    asio::thread_pool thread_{1};
};

TEST_CASE("loop_thread: what leaves the run is reported, and ends the loop and those who wait")
{
    std::string reported;
    witness told;
    rill::loop_thread worker("db");
    const auto begin = [&]() -> awaitable<void> {
        rill::this_loop().set_exception_handler([&](const rill::exception_context& c) {
            reported = to_string(c);
        });
        co_return;
    };
    CHECK(told.run_on(worker, begin).get());
    auto waiting = told.run_on(worker, for_ever);
    asio::post(worker.context(), [] { throw std::runtime_error("no connection"); });
    CHECK_FALSE(waiting.get());
    worker.join();
    CHECK(reported == "loop thread 'db' ends by an error: no connection");
}

TEST_CASE("loop_thread: options of a loop that is not its own are refused")
{
    const auto made = [] { return rill::loop(); };
    auto options = rill::runner_options().loop_factory(made);
    CHECK_THROWS_AS(rill::loop_thread("db", options), std::invalid_argument);
}

TEST_CASE("loop_thread: threads send coroutines while it ends, and each is told what became of it")
{
    for (int round = 0; round < 50; ++round) {
        std::optional<rill::loop_thread> worker(std::in_place);
        witness watching;
        std::atomic<int> told = 0;
        std::vector<std::thread> senders;
        for (int t = 0; t < 3; ++t)
            senders.emplace_back([&] {
                for (int i = 0; i < 20; ++i) {
                    const auto body = []() -> awaitable<int> {
                        co_await rill::yield();
                        co_return 1;
                    };
                    watching.run_on(*worker, body).get();
                    ++told;
                }
            });
        worker->stop();
        for (std::thread& s : senders)
            s.join();
        worker.reset();
        CHECK(told == 60);
    }
}

} // namespace
