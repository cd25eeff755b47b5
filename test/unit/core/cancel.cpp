// SPDX-License-Identifier: BSL-1.0
#include <support/loop.hpp>

#include <rill/event.hpp>
#include <rill/run.hpp>
#include <rill/task.hpp>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/steady_timer.hpp>

#include <string>
#include <thread>

namespace {

using rill::awaitable;
using namespace std::chrono_literals;

/// Waits an hour; says in `log` how that ended.
awaitable<void> wait_logged(std::string& log)
{
    try {
        co_await rill::sleep(1h);
        log += "slept ";
    } catch (const rill::system_error& e) {
        log += e.code() == rill::condition::cancelled ? "cancelled " : "other ";
        throw;
    }
}

TEST_CASE("CX-01: a cancel ends the wait that the task is in, on a later turn")
{
    test::loop loop;
    std::string log;
    auto t = loop.spawn(wait_logged(log));
    loop.settle();
    CHECK(t.cancel());
    CHECK(log.empty());
    loop.settle();
    CHECK(log == "cancelled ");
    CHECK(t.cancelled());
    CHECK_THROWS_AS(t.result(), rill::system_error);
}

TEST_CASE("CX-01: cancelling a task that has ended returns false and changes nothing")
{
    test::loop loop;
    auto t = loop.spawn([]() -> awaitable<int> { co_return 1; });
    loop.settle();
    CHECK_FALSE(t.cancel());
    CHECK_FALSE(t.cancelled());
    CHECK(t.result() == 1);
}

TEST_CASE("CX-02: cancelled before its first step, the body never runs")
{
    test::loop loop;
    bool ran = false;
    auto t = loop.spawn([&]() -> awaitable<void> {
        ran = true;
        co_return;
    });
    t.cancel();
    loop.settle();
    CHECK_FALSE(ran);
    CHECK(t.cancelled());
}

TEST_CASE("CX-03: a cancel goes down a chain of awaited tasks")
{
    test::loop loop;
    std::string log;
    auto inner = loop.spawn(wait_logged(log));
    auto middle = loop.spawn([&]() -> awaitable<void> { co_await inner; });
    auto outer = loop.spawn([&]() -> awaitable<void> { co_await middle; });
    loop.settle();
    outer.cancel();
    loop.settle();
    CHECK(log == "cancelled ");
    CHECK(inner.cancelled());
    CHECK(middle.cancelled());
    CHECK(outer.cancelled());
}

TEST_CASE("CX-04: cancelling what is awaited shows in the awaiter, whose count stays 0")
{
    test::loop loop;
    auto inner = loop.spawn(rill::sleep(1h));
    auto outer = loop.spawn([&]() -> awaitable<void> { co_await inner; });
    loop.settle();
    inner.cancel();
    loop.settle();
    CHECK(outer.cancelled());
    CHECK(outer.cancelling() == 0);
}

TEST_CASE("CX-06: a body that catches the cancellation and returns has ended with its value")
{
    test::loop loop;
    auto t = loop.spawn([]() -> awaitable<int> {
        try {
            co_await rill::sleep(1h);
        } catch (const rill::system_error&) {
        }
        co_return 3;
    });
    loop.settle();
    t.cancel();
    loop.settle();
    CHECK_FALSE(t.cancelled());
    CHECK(t.result() == 3);
}

TEST_CASE("CX-08 (sticky): after one cancellation was caught, every further wait throws")
{
    test::loop loop;
    int thrown = 0;
    auto t = loop.spawn([&]() -> awaitable<void> {
        for (int i = 0; i < 3; ++i) {
            try {
                if (i == 1)
                    co_await rill::yield();
                else
                    co_await rill::sleep(1h);
            } catch (const std::exception&) {
                ++thrown;
            }
        }
    });
    loop.settle();
    t.cancel();
    loop.settle();
    CHECK(thrown == 3);
}

TEST_CASE("CX-09: a task that cancels itself gets it at its next wait")
{
    test::loop loop;
    std::string log;
    auto t = loop.spawn([&]() -> awaitable<void> {
        rill::current_task()->cancel();
        log += "goes on ";
        co_await wait_logged(log);
    });
    loop.settle();
    CHECK(log == "goes on ");
    CHECK(t.cancelled());
}

TEST_CASE("CX-10 (completion wins): a task that cancels itself and returns has its value")
{
    test::loop loop;
    auto t = loop.spawn([]() -> awaitable<int> {
        rill::current_task()->cancel();
        co_return 5;
    });
    loop.settle();
    CHECK(t.result() == 5);
}

TEST_CASE("CX-12 (completion wins): what was complete before the cancel is delivered")
{
    test::loop loop;
    rill::event event(loop.executor());
    std::string log;
    auto t = loop.spawn([&]() -> awaitable<void> {
        co_await event.wait();
        log += "delivered ";
        co_await wait_logged(log);
    });
    loop.settle();
    event.set();
    t.cancel();
    loop.settle();
    CHECK(log == "delivered ");
    CHECK(t.cancelled());
}

TEST_CASE("CX-13: a yield is a cancellation point")
{
    test::loop loop;
    int turns = 0;
    auto t = loop.spawn([&]() -> awaitable<void> {
        for (;; ++turns)
            co_await rill::yield();
    });
    auto stop = loop.spawn([&]() -> awaitable<void> {
        co_await rill::yield();
        t.cancel();
    });
    loop.settle();
    CHECK(t.cancelled());
    CHECK(turns <= 2);
}

TEST_CASE("CX-14: a cancel ends a wait for Asio's own objects")
{
    test::loop loop;
    auto t = loop.spawn([]() -> awaitable<void> {
        rill::asio::steady_timer timer(co_await rill::asio::this_coro::executor, 1h);
        co_await timer.async_wait(rill::asio::deferred);
    });
    loop.settle();
    t.cancel();
    loop.settle();
    CHECK(t.cancelled());
}

TEST_CASE("CX-17, CX-18: cancelling() counts requests, and uncancel() takes them back")
{
    test::loop loop;
    unsigned left = 9;
    auto t = loop.spawn([&]() -> awaitable<int> {
        try {
            co_await rill::sleep(1h);
        } catch (const rill::system_error&) {
        }
        auto self = *rill::current_task();
        left = self.uncancel();
        self.uncancel();
        co_await rill::sleep(1h); // no request is left: it waits as ever
        co_return 1;
    });
    loop.settle();
    t.cancel();
    t.cancel();
    CHECK(t.cancelling() == 2);
    loop.advance(2h);
    CHECK(left == 1);
    CHECK(t.cancelling() == 0);
    CHECK(t.result() == 1);
    CHECK(t.uncancel() == 0);
}

TEST_CASE("task: async_wait stops waiting when it is cancelled, and the task runs on")
{
    test::loop loop;
    auto t = loop.spawn(rill::sleep(1h));
    rill::asio::cancellation_signal signal;
    test::completion<> waiter;
    t.async_wait(rill::asio::bind_cancellation_slot(signal.slot(), waiter.handler()));
    loop.settle();
    signal.emit(rill::asio::cancellation_type::total);
    loop.settle();
    CHECK(waiter.error() == rill::condition::cancelled);
    CHECK_FALSE(t.done());
    loop.advance(1h);
    CHECK(t.done());
    CHECK_FALSE(t.cancelled());
}

TEST_CASE("task: a cancel from another thread travels through the loop")
{
    std::thread other;
    const bool cancelled = rill::run([&]() -> awaitable<bool> {
        auto t = rill::create_task(rill::sleep(1h));
        co_await rill::yield();
        other = std::thread([&t] { t.cancel(); });
        try {
            co_await t;
        } catch (const rill::system_error&) {
        }
        co_return t.cancelled();
    });
    other.join();
    CHECK(cancelled);
}

} // namespace
