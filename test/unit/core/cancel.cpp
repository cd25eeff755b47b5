// SPDX-License-Identifier: BSL-1.0
#include <support/loop.hpp>
#include <support/sanitized.hpp>

#include <rill/cancel_scope.hpp>
#include <rill/event.hpp>
#include <rill/future.hpp>
#include <rill/gather.hpp>
#include <rill/queue.hpp>
#include <rill/run.hpp>
#include <rill/select.hpp>
#include <rill/shield.hpp>
#include <rill/task.hpp>
#include <rill/task_group.hpp>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/experimental/channel_error.hpp>
#include <boost/asio/steady_timer.hpp>

#include <memory>
#include <optional>
#include <source_location>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

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

TEST_CASE("CX-02: what such a body holds is let go before those who await the task go on")
{
    test::loop loop;
    const auto held = std::make_shared<int>(1);
    auto t = loop.spawn([copy = held]() -> awaitable<void> { co_return; });
    long seen = 0;
    loop.spawn([&]() -> awaitable<void> {
        try {
            co_await t;
        } catch (const rill::system_error&) {
            seen = held.use_count();
        }
    });
    t.cancel();
    loop.settle();
    CHECK(seen == 1);
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

TEST_CASE("CX-05: cancelled() is true only once the coroutine has ended so")
{
    test::loop loop;
    auto t = loop.spawn(rill::sleep(1h));
    loop.settle();
    t.cancel();
    CHECK_FALSE(t.cancelled());
    CHECK_FALSE(t.done());
    loop.settle();
    CHECK(t.cancelled());
}

TEST_CASE("CX-05: a coroutine that throws a cancelled_error by its own doing has ended cancelled")
{
    test::loop loop;
    const auto t = loop.spawn([]() -> awaitable<void> {
        throw rill::cancelled_error(nullptr);
        co_return;
    });
    loop.settle();
    CHECK(t.cancelled());
    CHECK(t.cancelling() == 0);
    CHECK_THROWS_AS(t.result(), rill::cancelled_error);
}

TEST_CASE("CX-05: the code of a cancellation alone is none: a task that nobody told to stop failed")
{
    test::loop loop;
    for (const rill::error_code ec :
         {rill::error_code(rill::asio::error::operation_aborted),
          rill::error_code(rill::asio::experimental::error::channel_cancelled)}) {
        loop.spawn([ec]() -> awaitable<void> {
            throw rill::system_error(ec);
            co_return;
        });
        loop.settle();
        loop.expect_reported("task exception was never retrieved");
    }
}

TEST_CASE("CX-05: what is aborted under a task by a sibling fails it: a timer, an event that goes")
{
    test::loop loop;
    rill::asio::steady_timer timer(loop.executor(), 1h);
    std::optional<rill::event> event(std::in_place, loop.executor());
    const auto on_timer =
        loop.spawn([&]() -> awaitable<void> { co_await timer.async_wait(rill::asio::deferred); });
    const auto on_event = loop.spawn([&]() -> awaitable<void> { co_await event->wait(); });
    loop.settle();
    timer.cancel();
    event.reset();
    loop.settle();
    for (const auto& t : {on_timer, on_event}) {
        CHECK_FALSE(t.cancelled());
        CHECK(rill::is_cancellation(t.exception())); // by its code, which is all that this asks
        CHECK_FALSE(rill::detail::is_cancelled_error(t.exception()));
    }
}

TEST_CASE("CX-05: the same abort in a task that was told to stop is its cancellation")
{
    test::loop loop;
    rill::asio::steady_timer timer(loop.executor(), 1h);
    auto t =
        loop.spawn([&]() -> awaitable<void> { co_await timer.async_wait(rill::asio::deferred); });
    loop.settle();
    t.cancel("enough");
    loop.settle();
    CHECK(t.cancelled());
    CHECK_THROWS_AS(t.result(), rill::cancelled_error);
}

TEST_CASE("CX-05: one that answers a cancel with an error of its own has failed")
{
    test::loop loop;
    auto t = loop.spawn([]() -> awaitable<void> {
        try {
            co_await rill::sleep(1h);
        } catch (const rill::system_error&) {
            throw std::runtime_error("while cleaning up");
        }
    });
    loop.settle();
    t.cancel();
    loop.settle();
    CHECK_FALSE(t.cancelled());
    CHECK_THROWS_WITH_AS(t.result(), "while cleaning up", std::runtime_error);
}

TEST_CASE(
    "CX-11 (sticky): one that cancels itself and awaits a child is cancelled; the child goes on"
)
{
    test::loop loop;
    rill::task<void> child;
    auto t = loop.spawn([&]() -> awaitable<void> {
        child = rill::create_task(rill::sleep(1h));
        rill::current_task()->cancel();
        co_await child;
    });
    loop.settle();
    CHECK(t.cancelled());
    CHECK_FALSE(child.done()
    ); // the wait threw before it began: see groups for what belongs together
    child.cancel();
}

TEST_CASE("CX-11: one that is cancelled while it awaits a child waits for the child's end")
{
    test::loop loop;
    std::string log;
    auto child = loop.spawn([&]() -> awaitable<void> {
        try {
            co_await rill::sleep(1h);
        } catch (const rill::system_error&) {
            log += "child ";
            throw;
        }
    });
    auto parent = loop.spawn([&]() -> awaitable<void> {
        try {
            co_await child;
        } catch (const rill::system_error&) {
            log += "parent";
            throw;
        }
    });
    loop.settle();
    parent.cancel();
    loop.settle();
    CHECK(log == "child parent");
    CHECK(child.cancelled());
    CHECK(parent.cancelled());
}

TEST_CASE("CX-15: a second cancel interrupts the cleanup that took the first one back")
{
    test::loop loop;
    std::string log;
    auto t = loop.spawn([&]() -> awaitable<void> {
        try {
            co_await wait_logged(log);
        } catch (const rill::system_error&) {
        }
        rill::current_task()->uncancel();
        co_await wait_logged(log);
    });
    loop.settle();
    t.cancel();
    loop.advance(1min);
    CHECK(log == "cancelled ");
    CHECK(t.cancel());
    loop.settle();
    CHECK(log == "cancelled cancelled ");
    CHECK(t.cancelled());
}

TEST_CASE("CX-15: a second cancel goes on to what the task waits for")
{
    test::loop loop;
    int told = 0;
    auto child = loop.spawn([&]() -> awaitable<void> {
        for (int i = 0; i < 2; ++i) {
            try {
                co_await rill::sleep(1h);
            } catch (const rill::system_error&) {
                ++told;
                rill::current_task()->uncancel();
            }
        }
    });
    auto parent = loop.spawn([&]() -> awaitable<void> { co_await child; });
    loop.settle();
    parent.cancel();
    loop.settle();
    CHECK(told == 1);
    CHECK_FALSE(parent.done());
    parent.cancel();
    loop.settle();
    CHECK(told == 2);
    CHECK(child.done());
    CHECK(parent.cancelling() == 2);
}

TEST_CASE("CX-16: the message reaches whoever reads the outcome and whoever awaits the task")
{
    test::loop loop;
    auto t = loop.spawn(rill::sleep(1h), "fetch");
    std::string awaited;
    loop.spawn([&]() -> awaitable<void> {
        try {
            co_await t;
        } catch (const rill::cancelled_error& e) {
            awaited = e.message();
            CHECK(e.code() == rill::condition::cancelled);
        }
    });
    loop.settle();
    t.cancel("the client has gone");
    t.cancel("a second reason");
    loop.settle();
    CHECK(awaited == "the client has gone");
    CHECK_THROWS_AS(t.result(), rill::cancelled_error);
}

TEST_CASE("CX-16: the error tells which task was cancelled, what it waited for and why")
{
    test::loop loop;
    const auto here = std::source_location::current();
    auto t = loop.spawn(rill::sleep(1h, here), "fetch");
    loop.settle();
    t.cancel("the client has gone");
    loop.settle();
    const auto place = "cancel.cpp:" + std::to_string(here.line());
    CHECK(
        test::text_of(t.exception()) ==
        "cancelled task 'fetch' while it waited for a sleep at " + place + " (the client has gone)"
    );
}

TEST_CASE("CX-16: one that is cancelled before it starts, or by itself, says so as well")
{
    test::loop loop;
    auto unstarted = loop.spawn(rill::sleep(1h), "a");
    unstarted.cancel("too late");
    const auto itself = loop.spawn(
        []() -> awaitable<void> {
            rill::current_task()->cancel("had enough");
            co_await rill::yield();
        },
        "b"
    );
    loop.settle();
    CHECK(test::text_of(unstarted.exception()).find("too late") != std::string::npos);
    CHECK(test::text_of(itself.exception()) == "cancelled task 'b' while it ran (had enough)");
}

/// What `wait()` throws in a task that is cancelled meanwhile, as it sees it itself.
template <class Wait>
std::string seen_inside(test::loop& loop, Wait wait)
{
    std::string seen = "nothing";
    auto t = loop.spawn([&]() -> awaitable<void> {
        try {
            co_await wait();
        } catch (const rill::cancelled_error& e) {
            seen = e.message();
            CHECK(std::string(e.what()) == "cancelled (" + seen + ")");
            CHECK(rill::is_cancellation(e));
            throw;
        } catch (const std::exception& e) {
            seen = rill::is_cancellation(e) ? "a plain system_error" : e.what();
            throw;
        }
    });
    loop.settle();
    t.cancel("why");
    loop.advance(1h);
    CHECK(t.cancelled());
    return seen;
}

TEST_CASE("CX-16: inside, Rill's waits throw a cancelled_error with the message")
{
    test::loop loop;
    rill::event never(loop.executor());
    rill::queue<int> empty(loop.executor());
    rill::future<int> unset(loop.executor());
    const auto sleep = [] { return rill::sleep(1h); };
    CHECK(seen_inside(loop, sleep) == "why");
    CHECK(seen_inside(loop, [&] { return never.wait(); }) == "why");
    CHECK(seen_inside(loop, [&] { return empty.get(); }) == "why");
    CHECK(seen_inside(loop, [&]() -> awaitable<int> { co_return co_await unset; }) == "why");
    CHECK(seen_inside(loop, [&] { return rill::shield(sleep); }) == "why");
    CHECK(seen_inside(loop, [&] { return rill::gather(sleep(), sleep()); }) == "why");
    CHECK(seen_inside(loop, [&] { return rill::select(never.wait(), sleep()); }) == "why");
    CHECK(seen_inside(loop, [&] {
              return rill::with_task_group([&](rill::task_group& g) {
                  g.create_task(sleep);
                  return rill::yield();
              });
          }) == "why");
}

TEST_CASE("CX-16: so do later waits, whatever they are for, yield() and throw_if_cancelled()")
{
    test::loop loop;
    rill::asio::steady_timer timer(loop.executor(), 1h);
    const auto then = [](auto next) {
        return [next]() -> awaitable<void> {
            try {
                co_await rill::sleep(1h);
            } catch (const rill::system_error&) {
            }
            co_await next();
        };
    };
    CHECK(seen_inside(loop, then([] { return rill::sleep(1s); })) == "why");
    CHECK(seen_inside(loop, then([] { return rill::yield(); })) == "why");
    CHECK(seen_inside(loop, then([&] { return timer.async_wait(rill::asio::deferred); })) == "why");
    const auto ask = []() -> awaitable<void> {
        const rill::shield_scope shield;
        co_await rill::sleep(1s);
    };
    CHECK(seen_inside(loop, [&]() -> awaitable<void> {
              co_await ask();
              rill::throw_if_cancelled();
          }) == "why");
}

TEST_CASE("CX-16: Asio's own operations throw a plain system_error, which is a cancellation as well"
)
{
    test::loop loop;
    rill::asio::steady_timer timer(loop.executor(), 1h);
    const auto wait = [&]() -> awaitable<void> { co_await timer.async_wait(rill::asio::deferred); };
    CHECK(seen_inside(loop, wait) == "a plain system_error");
}

TEST_CASE("CX-16: a cancel goes down a chain with its message")
{
    test::loop loop;
    auto inner = loop.spawn(rill::sleep(1h), "inner");
    auto outer = loop.spawn([&]() -> awaitable<void> { co_await inner; }, "outer");
    loop.settle();
    outer.cancel("shutting down");
    loop.settle();
    for (const auto& t : {inner, outer})
        CHECK(test::text_of(t.exception()).find("(shutting down)") != std::string::npos);
}

TEST_CASE("CX-19: taken back before it was delivered, it is not delivered if the value was there")
{
    test::loop loop;
    rill::event event(loop.executor());
    auto t = loop.spawn([&]() -> awaitable<int> {
        co_await event.wait();
        co_await rill::sleep(1s);
        co_return 6;
    });
    loop.settle();
    event.set();
    t.cancel();
    CHECK(t.uncancel() == 0);
    loop.advance(1s);
    REQUIRE(t.done());
    CHECK(t.result() == 6);
}

TEST_CASE("CX-19: taken back after the wait was ended for it, it arrives nevertheless, once")
{
    test::loop loop;
    std::string log;
    auto t = loop.spawn([&]() -> awaitable<void> {
        try {
            co_await wait_logged(log);
        } catch (const rill::system_error&) {
        }
        co_await wait_logged(log);
    });
    loop.settle();
    t.cancel();
    t.uncancel();
    loop.advance(1h);
    CHECK(log == "cancelled slept ");
    CHECK_FALSE(t.cancelled());
}

TEST_CASE("CX-22: a catch of ordinary errors does not eat a cancellation for long")
{
    test::loop loop;
    int tries = 0;
    auto t = loop.spawn([&]() -> awaitable<void> {
        for (;;) {
            try {
                ++tries;
                co_await rill::sleep(1h);
            } catch (const std::exception&) { // "whatever went wrong, try again"
                if (tries == 5)
                    throw;
            }
        }
    });
    loop.settle();
    t.cancel("stop");
    loop.settle();
    CHECK(t.cancelled());
    CHECK(tries == 5);
    CHECK(test::text_of(t.exception()).find("stop") != std::string::npos);
}

TEST_CASE("cancel: what does not wait throws at a wait only, and throw_if_cancelled asks")
{
    test::loop loop;
    std::string log;
    auto t = loop.spawn([&]() -> awaitable<void> {
        rill::throw_if_cancelled();
        rill::current_task()->cancel();
        log += "runs ";
        try {
            rill::throw_if_cancelled();
        } catch (const rill::system_error& e) {
            log += e.code() == rill::condition::cancelled ? "told" : "other";
        }
        co_return;
    });
    loop.settle();
    CHECK(log == "runs told");
}

TEST_CASE("cancel: a long chain of tasks that await each other ends without deep recursion")
{
    constexpr int count = test::sanitized ? 30'000 : 100'000;
    test::loop loop;
    const auto join = [](rill::task<void> inner) -> awaitable<void> { co_await inner; };
    const auto first = loop.spawn(rill::sleep(1h));
    auto last = first;
    for (int i = 0; i < count; ++i)
        last = loop.spawn(join(last));
    loop.settle();
    last.cancel("all of you");
    loop.settle();
    CHECK(first.cancelled());
    CHECK(last.cancelled());
    CHECK(test::text_of(last.exception()).find("all of you") != std::string::npos);
}

TEST_CASE("cancel: the reason tells who asked, and a later one does not replace it")
{
    test::loop loop;
    rill::cancel_reason_ptr seen;
    auto t = loop.spawn([&]() -> awaitable<void> {
        try {
            co_await rill::sleep(1h);
        } catch (const rill::system_error&) {
            seen = rill::current_task()->reason();
        }
    });
    loop.settle();
    t.cancel("first");
    t.cancel("second");
    loop.settle();
    REQUIRE(seen);
    CHECK(seen->origin() == rill::cancel_origin::request);
    CHECK(seen->text() == "first");
}

/// Tasks that await each other in a circle of so many.
std::vector<rill::task<void>> circle(test::loop& loop, std::size_t n)
{
    std::vector<rill::task<void>> tasks(n);
    rill::event known(loop.executor());
    const auto waits = [](rill::event& e, rill::task<void>& next) -> awaitable<void> {
        co_await e.wait();
        const rill::task<void> other = next;
        co_await other;
    };
    for (std::size_t i = 0; i < n; ++i)
        tasks[i] = loop.spawn(waits(known, tasks[(i + 1) % n]));
    loop.settle();
    known.set();
    loop.settle();
    return tasks;
}

TEST_CASE("cancel: tasks that await each other in a circle end, each as cancelled")
{
    for (const std::size_t n : {2, 3, 100}) {
        test::loop loop;
        const auto tasks = circle(loop, n);
        rill::task_ref(tasks[1]).cancel();
        loop.settle();
        for (const auto& t : tasks)
            CHECK(t.cancelled());
    }
}

} // namespace
