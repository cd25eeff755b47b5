// SPDX-License-Identifier: BSL-1.0
#include <support/how.hpp>
#include <support/loop.hpp>

#include <rill/event.hpp>
#include <rill/future.hpp>
#include <rill/shield.hpp>
#include <rill/timeout.hpp>

#include <memory>
#include <stdexcept>
#include <string>

namespace {

using rill::awaitable;
using test::how;
using namespace std::chrono_literals;

awaitable<int> value_after(rill::duration d, int value)
{
    co_await rill::sleep(d);
    co_return value;
}

/// Ends `d` after it was told to stop.
awaitable<int> slow_to_stop(rill::duration d, bool& ended)
{
    try {
        co_await rill::sleep(1h);
    } catch (const rill::system_error&) {
    }
    const rill::shield_scope cleanup;
    co_await rill::sleep(d);
    ended = true;
    throw rill::system_error(rill::asio::error::operation_aborted);
}

TEST_CASE("WF-01: without a timeout it awaits: a coroutine, a task or a future")
{
    test::loop loop;
    const auto t = loop.spawn(value_after(2h, 2));
    rill::future<int> f(loop.executor());
    loop.get().call_later(3h, [f]() mutable { f.set_result(3); });
    CHECK(loop.run(rill::wait_for(value_after(1h, 1), rill::forever)) == 1);
    CHECK(loop.run(rill::wait_for(t, rill::forever)) == 2);
    CHECK(loop.run(rill::wait_for(f, rill::forever)) == 3);
}

TEST_CASE("WF-01: what is done already gives its value or its error at any timeout")
{
    test::loop loop;
    const auto done = loop.spawn(value_after(0s, 1));
    const auto failed = loop.spawn([]() -> awaitable<int> {
        throw std::runtime_error("failed before");
        co_return 0;
    });
    loop.settle();
    CHECK(loop.run(rill::wait_for(done, 0s)) == 1);
    CHECK(loop.run(rill::wait_for(done, -1h)) == 1);
    CHECK(loop.run(how(rill::wait_for(failed, 0s))) == "failed before");
}

TEST_CASE("WF-02: with a timeout of 0 a coroutine never starts, and what it holds is let go")
{
    test::loop loop;
    const auto held = std::make_shared<bool>(false);
    const auto body = [](std::shared_ptr<bool> began) -> awaitable<int> {
        *began = true;
        co_return 1;
    };
    CHECK(loop.run(how(rill::wait_for(body(held), 0s))) == "timeout");
    CHECK(loop.run(how(rill::wait_for(body(held), -1s))) == "timeout");
    CHECK_FALSE(*held);
    CHECK(held.use_count() == 1);
}

TEST_CASE("WF-02: with a timeout of 0 a running task is cancelled, and its end awaited")
{
    test::loop loop;
    bool ended = false;
    auto inner = loop.spawn(slow_to_stop(5s, ended));
    loop.settle();
    const auto begin = loop.now();
    CHECK(loop.run(how(rill::wait_for(inner, 0s))) == "timeout");
    CHECK(ended);
    CHECK(inner.cancelled());
    CHECK(loop.now() == begin + 5s);
}

TEST_CASE("WF-02: with a timeout of 0 a task that has not begun never does")
{
    test::loop loop;
    bool began = false;
    const auto result = loop.run([&]() -> awaitable<std::string> {
        auto inner = rill::create_task([&]() -> awaitable<int> {
            began = true;
            co_await rill::sleep(1h);
            co_return 1;
        });
        co_await rill::yield(); // it has begun now
        CHECK(began);
        co_return co_await how(rill::wait_for(inner, 0s));
    });
    CHECK(result == "timeout");
}

TEST_CASE("WF-03: on expiry it returns only when the inner task has really ended")
{
    test::loop loop;
    bool ended = false;
    const auto begin = loop.now();
    const auto inner = loop.spawn(slow_to_stop(5s, ended));
    CHECK(loop.run(how(rill::wait_for(inner, 1s))) == "timeout");
    CHECK(ended);
    CHECK(inner.done());
    CHECK(loop.now() == begin + 6s);
}

TEST_CASE("WF-03: the same for a coroutine, which runs in the caller's task")
{
    test::loop loop;
    bool ended = false;
    const auto begin = loop.now();
    CHECK(loop.run(how(rill::wait_for(slow_to_stop(5s, ended), 1s))) == "timeout");
    CHECK(ended);
    CHECK(loop.now() == begin + 6s);
}

TEST_CASE("WF-04: an error of the inner task's cleanup leaves instead of timeout_error")
{
    test::loop loop;
    const auto inner = loop.spawn([]() -> awaitable<int> {
        try {
            co_await rill::sleep(1h);
        } catch (const rill::system_error&) {
            throw std::runtime_error("cleanup failed");
        }
        co_return 0;
    });
    CHECK(loop.run(how(rill::wait_for(inner, 1s))) == "cleanup failed");
}

TEST_CASE("WF-05: an inner task that swallows the cancel and returns: its value is returned")
{
    test::loop loop;
    const auto stubborn = []() -> awaitable<int> {
        try {
            co_await rill::sleep(1h);
        } catch (const rill::system_error&) {
        }
        co_return 7;
    };
    const auto inner = loop.spawn(stubborn);
    CHECK(loop.run(how(rill::wait_for(inner, 1s))) == "7");
    CHECK(loop.run(how(rill::wait_for(stubborn(), 1s))) == "7");
}

TEST_CASE("WF-06 (completion wins): of value and expiry at the same time, the value is returned")
{
    test::loop loop;
    rill::future<int> f(loop.executor());
    const auto deadline = loop.now() + 1s;
    loop.get().call_at(deadline, [&] { f.set_result(8); });
    const auto t = loop.spawn(how(rill::wait_for(f, 1s)));
    loop.advance(1s);
    CHECK(t.result() == "8");
    CHECK(f.result() == 8);
}

TEST_CASE("WF-06: an expiry that is first cancels what is awaited, and a later value is refused")
{
    test::loop loop;
    rill::future<int> f(loop.executor());
    CHECK(loop.run(how(rill::wait_for(f, 1s))) == "timeout");
    CHECK(f.cancelled());
    CHECK_FALSE(f.set_result_unless_done(1));
}

TEST_CASE("WF-09: an inner task that somebody else cancels: cancelled, never timeout_error")
{
    test::loop loop;
    auto inner = loop.spawn(value_after(1h, 1));
    const auto t = loop.spawn(how(rill::wait_for(inner, 1min)));
    loop.settle();
    inner.cancel();
    loop.settle();
    CHECK(t.result() == "cancelled");
    CHECK(t.cancelling() == 0);
}

TEST_CASE("WF-09: cancelling whoever waits cancels the inner task, and waits for its end")
{
    test::loop loop;
    bool ended = false;
    const auto inner = loop.spawn(slow_to_stop(5s, ended));
    auto t = loop.spawn(how(rill::wait_for(inner, 1min)));
    loop.settle();
    t.cancel();
    loop.advance(4s);
    CHECK_FALSE(t.done());
    loop.advance(1s);
    CHECK(ended);
    CHECK(t.result() == "cancelled");
}

TEST_CASE("WF-10: a shielded inner task survives the expiry")
{
    test::loop loop;
    const auto inner = loop.spawn(value_after(1h, 9));
    const auto begin = loop.now();
    CHECK(loop.run(how(rill::wait_for(rill::shield(inner), 1s))) == "timeout");
    CHECK(loop.now() == begin + 1s);
    CHECK_FALSE(inner.done());
    loop.advance(1h);
    CHECK(inner.result() == 9);
}

TEST_CASE("wait_for: the value stays with the task for others to see")
{
    test::loop loop;
    const auto t = loop.spawn(rill::sleep(1s, std::string("a text of some length, kept")));
    CHECK(loop.run(rill::wait_for(t, 2s)) == "a text of some length, kept");
    CHECK(t.result() == "a text of some length, kept");
}

TEST_CASE("wait_for: a result that cannot be copied is passed on")
{
    test::loop loop;
    const auto make = []() -> awaitable<std::unique_ptr<int>> {
        co_await rill::sleep(1s);
        co_return std::make_unique<int>(6);
    };
    auto t = loop.spawn(make);
    CHECK(*loop.run(rill::wait_for(std::move(t), 2s)) == 6);
    CHECK(*loop.run(rill::wait_for(make(), 2s)) == 6);
}

TEST_CASE("wait_for: the error tells how long it was and what was awaited")
{
    test::loop loop;
    const auto inner = loop.spawn(value_after(1h, 1), "slow");
    const auto line = std::to_string(__LINE__ + 1);
    const auto t = loop.spawn(rill::wait_for(inner, 1500ms), "impatient");
    loop.advance(2s);
    CHECK(
        test::text_of(t.exception()) ==
        "rill::timeout: 1.5s passed (deadline set at wait_for.cpp:" + line +
            ") in task 'impatient' while it waited for task 'slow'"
    );
}

} // namespace
