// SPDX-License-Identifier: BSL-1.0
#include <support/loop.hpp>

#include <rill/context_var.hpp>
#include <rill/event.hpp>
#include <rill/loop_thread.hpp>
#include <rill/run.hpp>
#include <rill/sleep.hpp>
#include <rill/thread_future.hpp>

#include <future>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>

namespace {

using rill::awaitable;
using namespace std::chrono_literals;

TEST_CASE("thread_future: a value, a move-only value, nothing, or an exception")
{
    rill::thread_promise<std::string> text;
    const auto got = text.get_future();
    CHECK_FALSE(got.done());
    std::thread([&] { text.set_result("set"); }).join();
    CHECK(got.get() == "set");
    CHECK(got.get() == "set");

    rill::thread_promise<std::unique_ptr<int>> moved;
    moved.set_result(std::make_unique<int>(2));
    CHECK(*moved.get_future().get() == 2);

    rill::thread_promise<> nothing;
    nothing.set_result();
    CHECK_NOTHROW(nothing.get_future().get());

    rill::thread_promise<int> failed;
    failed.set_exception(std::make_exception_ptr(std::runtime_error("failed")));
    CHECK_THROWS_WITH_AS(failed.get_future().get(), "failed", std::runtime_error);
    CHECK_THROWS_AS(failed.set_result(1), rill::invalid_state);
}

TEST_CASE("thread_future: get waits for a time at most, and a later get has the value")
{
    rill::thread_promise<int> promise;
    const auto future = promise.get_future();
    CHECK_THROWS_WITH_AS(
        future.get(0s), "rill::thread_future: no result within 0ns", rill::timeout_error
    );
    CHECK_FALSE(future.wait(0s));
    promise.set_result(1);
    CHECK(future.wait(0s));
    CHECK(future.get(0s) == 1);
}

TEST_CASE("thread_future: cancelled before its call begins, and not afterwards")
{
    rill::thread_promise<int> early;
    const auto cancelled = early.get_future();
    CHECK(cancelled.cancel("no longer wanted"));
    CHECK_FALSE(cancelled.cancel());
    CHECK(cancelled.cancelled());
    CHECK_THROWS_WITH_AS(cancelled.get(), "cancelled (no longer wanted)", rill::cancelled_error);
    CHECK_FALSE(early.start());
    CHECK_FALSE(early.set_result(1));

    rill::thread_promise<int> begun;
    CHECK(begun.start());
    CHECK_FALSE(begun.get_future().cancel());
    CHECK(begun.set_result(1));
    CHECK(begun.get_future().get() == 1);
}

TEST_CASE("thread_future: a promise that is dropped leaves an error, and nobody waits for ever")
{
    std::optional<rill::thread_promise<int>> promise(std::in_place);
    const auto future = promise->get_future();
    promise.reset();
    CHECK_THROWS_AS(future.get(), rill::invalid_state);
}

TEST_CASE("FUT-16: a thread's result is delivered to the loop's thread")
{
    rill::loop loop;
    rill::thread_promise<std::unique_ptr<int>> promise;
    std::optional<std::thread::id> delivered_on;
    std::thread other;
    const auto value = loop.run_until_complete([&]() -> awaitable<std::unique_ptr<int>> {
        auto bridge = rill::wrap_future(promise.get_future());
        bridge.add_done_callback([&] { delivered_on = std::this_thread::get_id(); });
        other = std::thread([&] { promise.set_result(std::make_unique<int>(7)); });
        co_return co_await std::move(bridge);
    });
    other.join();
    CHECK(*value == 7);
    CHECK(delivered_on == std::this_thread::get_id());
}

TEST_CASE("FUT-16: an exception, a cancellation, and a result that was there before")
{
    test::loop loop;
    loop.run([&]() -> awaitable<void> {
        rill::thread_promise<int> done;
        done.set_result(1);
        CHECK(co_await rill::wrap_future(done.get_future()) == 1);

        rill::thread_promise<int> failed;
        const auto failure = rill::wrap_future(failed.get_future());
        failed.set_exception(std::make_exception_ptr(std::runtime_error("failed")));
        CHECK_THROWS_WITH_AS(co_await failure, "failed", std::runtime_error);

        rill::thread_promise<int> dropped;
        const auto bridge = rill::wrap_future(dropped.get_future());
        dropped.get_future().cancel();
        CHECK_THROWS_AS(co_await bridge, rill::cancelled_error);
        CHECK(bridge.cancelled());
    });
    CHECK_THROWS_AS(rill::wrap_future(rill::thread_promise<int>().get_future()), std::logic_error);
}

TEST_CASE("FUT-17: cancelling the bridge cancels a thread's future that has not ended")
{
    test::loop loop;
    rill::thread_promise<int> open;
    rill::thread_promise<int> ended;
    loop.run([&]() -> awaitable<void> {
        auto bridge = rill::wrap_future(open.get_future());
        bridge.cancel();
        co_await rill::yield();
        CHECK(open.get_future().cancelled());
        CHECK_FALSE(open.set_result(1));

        auto late = rill::wrap_future(ended.get_future());
        ended.set_result(2); // on its way to the loop
        late.cancel();
        co_await rill::yield();
        CHECK(late.cancelled());
        CHECK(ended.get_future().get() == 2);
    });
}

TEST_CASE("FUT-16: a result that comes after the loop is gone is dropped")
{
    rill::thread_promise<int> promise;
    std::optional<rill::future<int>> bridge;
    rill::run([&]() -> awaitable<void> {
        bridge.emplace(rill::wrap_future(promise.get_future()));
        co_return;
    });
    CHECK(promise.set_result(1));
    CHECK_FALSE(bridge->done());
    CHECK(promise.get_future().get() == 1);
}

TEST_CASE("TASK-20: a coroutine from another thread gives its value or exception")
{
    rill::loop_thread other;
    const auto add = [](int a, int b) -> awaitable<int> {
        co_await rill::yield();
        co_return a + b;
    };
    CHECK(rill::run_coroutine_threadsafe(other.get_loop(), add(1, 2)).get() == 3);
    const auto ex = other.get_executor();
    CHECK(rill::run_coroutine_threadsafe(ex, add(3, 4)).get() == 7);

    const auto on_loop = []() -> awaitable<std::unique_ptr<std::thread::id>> {
        rill::this_loop();
        co_return std::make_unique<std::thread::id>(std::this_thread::get_id());
    };
    CHECK(
        *rill::run_coroutine_threadsafe(other.get_loop(), on_loop).get() !=
        std::this_thread::get_id()
    );

    const auto fail = []() -> awaitable<void> {
        co_await rill::yield();
        throw std::runtime_error("on the loop");
    };
    // Named, so that it outlives the look at the exception: how libstdc++ counts the references to one
    // is hidden from ThreadSanitizer.
    const auto failed = rill::run_coroutine_threadsafe(other.get_loop(), fail);
    CHECK_THROWS_WITH_AS(failed.get(), "on the loop", std::runtime_error);
}

const rill::context_var<int> number("number", 0);

TEST_CASE("TASK-20, CV-01: the task has a copy of the submitting thread's context")
{
    rill::loop_thread other;
    const auto look = []() -> awaitable<int> {
        const int seen = number.get();
        number.set(2);
        co_return seen;
    };
    const auto one = number.scoped(1);
    CHECK(rill::run_coroutine_threadsafe(other.get_loop(), look).get() == 1);
    CHECK(number.get() == 1);
}

/// A coroutine that waits until it is cancelled, and what became of it.
class endless {
public:
    auto body()
    {
        return [this]() -> awaitable<void> {
            begun_.set_value();
            try {
                co_await rill::sleep(24h);
            } catch (const rill::system_error&) {
                ended_.set_value();
                throw;
            }
        };
    }

    void await_begin() { begun_.get_future().wait(); }

    void await_end() { ended_.get_future().wait(); }

private:
    std::promise<void> begun_;
    std::promise<void> ended_;
};

TEST_CASE("TASK-21: cancelling the thread's future cancels the task, which really ends")
{
    endless work;
    rill::loop_thread other;
    const auto future = rill::run_coroutine_threadsafe(other.get_loop(), work.body());
    work.await_begin();
    CHECK(future.cancel());
    CHECK(future.cancelled());
    CHECK_THROWS_AS(future.get(), rill::cancelled_error);
    work.await_end();
}

TEST_CASE("TASK-21: a get that timed out leaves the task running until it is cancelled")
{
    endless work;
    rill::loop_thread other;
    const auto future = rill::run_coroutine_threadsafe(other.get_loop(), work.body());
    work.await_begin();
    CHECK_THROWS_AS(future.get(1us), rill::timeout_error);
    CHECK_FALSE(future.done());
    CHECK(future.cancel());
    work.await_end();
}

TEST_CASE("TASK-21: cancelled before it began, the coroutine never runs")
{
    rill::loop loop;
    bool ran = false;
    const auto future = rill::run_coroutine_threadsafe(loop, [&]() -> awaitable<void> {
        ran = true;
        co_return;
    });
    CHECK(future.cancel());
    loop.poll();
    CHECK_FALSE(ran);
}

TEST_CASE("TASK-22: a task that is cancelled on the loop shows as cancelled to the thread")
{
    rill::loop_thread other;
    const auto give_up = []() -> awaitable<void> {
        rill::current_task()->cancel("given up");
        co_await rill::sleep(1h);
    };
    const auto future = rill::run_coroutine_threadsafe(other.get_loop(), give_up);
    try {
        future.get();
        FAIL("it returned");
    } catch (const rill::cancelled_error& e) {
        CHECK(e.message() == "given up");
    }
    CHECK(future.cancelled());
}

TEST_CASE("TASK-23: a task factory that throws reaches the submitting thread and the handler")
{
    std::promise<std::string> reported;
    rill::loop_thread other;
    other.get_loop().call_soon_threadsafe([&] {
        rill::loop l = rill::this_loop();
        l.set_task_factory([](rill::task_ref) { throw std::runtime_error("no more tasks"); });
        l.set_exception_handler([&](const rill::exception_context& c) {
            reported.set_value(to_string(c));
        });
    });
    const auto future =
        rill::run_coroutine_threadsafe(other.get_loop(), []() -> awaitable<int> { co_return 1; });
    CHECK_THROWS_WITH_AS(future.get(), "no more tasks", std::runtime_error);
    CHECK(
        reported.get_future().get() ==
        "a coroutine from another thread could not be started: no more tasks"
    );
}

TEST_CASE("TASK-20: a loop that ends leaves an error to threads that wait, whether begun or not")
{
    std::optional<rill::loop> loop(std::in_place);
    const auto wait = []() -> awaitable<int> {
        co_await rill::sleep(1h);
        co_return 1;
    };
    const auto begun = rill::run_coroutine_threadsafe(*loop, wait);
    loop->poll();
    const auto queued = rill::run_coroutine_threadsafe(*loop, wait);
    loop.reset();
    const auto ended = rill::make_error_code(rill::errc::loop_ended).message();
    CHECK_THROWS_WITH_AS(begun.get(), doctest::Contains(ended.c_str()), rill::system_error);
    CHECK_THROWS_WITH_AS(queued.get(), doctest::Contains(ended.c_str()), rill::system_error);
}

TEST_CASE("TASK-20: the loop's own thread is told that it would wait for ever")
{
    rill::run([]() -> awaitable<void> {
        auto loop = rill::this_loop();
        const auto future =
            rill::run_coroutine_threadsafe(loop, []() -> awaitable<int> { co_return 1; });
        CHECK_THROWS_AS(future.get(), std::logic_error);
        CHECK(co_await rill::wrap_future(future) == 1);
        CHECK(future.get() == 1);
    });
}

TEST_CASE("thread_future: what was moved from throws, on both sides")
{
    rill::thread_promise<int> from;
    rill::thread_future<int> got = from.get_future();
    rill::thread_promise<int> to = std::move(from);
    const auto kept = std::move(got);
    CHECK_THROWS_AS(from.get_future(), rill::invalid_state);
    CHECK_THROWS_AS(from.start(), rill::invalid_state);
    CHECK_THROWS_AS(from.set_result(1), rill::invalid_state);
    CHECK_THROWS_AS(from.set_exception(nullptr), rill::invalid_state);
    CHECK_THROWS_AS(got.get(), rill::invalid_state);
    CHECK_THROWS_AS(got.get(0s), rill::invalid_state);
    CHECK_THROWS_AS(got.wait(0s), rill::invalid_state);
    CHECK_THROWS_AS(got.cancel(), rill::invalid_state);
    CHECK_THROWS_AS(got.done(), rill::invalid_state);
    CHECK_THROWS_AS(got.cancelled(), rill::invalid_state);
    test::loop loop;
    loop.run([&]() -> awaitable<void> {
        CHECK_THROWS_AS(rill::wrap_future(got), rill::invalid_state);
        co_return;
    });
    to.set_result(2);
    CHECK(kept.get() == 2);
}

} // namespace
