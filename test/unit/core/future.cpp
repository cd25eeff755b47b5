// SPDX-License-Identifier: BSL-1.0
#include <support/loop.hpp>

#include <rill/future.hpp>
#include <rill/task.hpp>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/steady_timer.hpp>

#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

namespace {

using rill::awaitable;
using rill::future;
using namespace std::chrono_literals;

awaitable<int> get(future<int> f)
{
    co_return co_await f;
}

TEST_CASE("FUT-01: a new future is neither done nor cancelled, and has no outcome to read")
{
    test::loop loop;
    const future<int> f(loop.executor());
    CHECK_FALSE(f.done());
    CHECK_FALSE(f.cancelled());
    CHECK_THROWS_AS(f.result(), rill::invalid_state);
    CHECK_THROWS_AS(f.exception(), rill::invalid_state);
}

TEST_CASE("FUT-02: only the first completion counts")
{
    test::loop loop;
    future<int> f(loop.executor());
    f.set_result(1);
    CHECK_THROWS_AS(f.set_result(2), rill::invalid_state);
    CHECK_THROWS_AS(f.set_exception(std::runtime_error("late")), rill::invalid_state);
    CHECK_FALSE(f.cancel());
    CHECK_FALSE(f.cancelled());
    CHECK(f.result() == 1);
    CHECK(f.exception() == nullptr);
}

TEST_CASE("FUT-02: after an exception, neither a result nor a cancel is taken")
{
    test::loop loop;
    future<int> f(loop.executor());
    f.set_exception(std::runtime_error("first"));
    CHECK_THROWS_AS(f.set_result(2), rill::invalid_state);
    CHECK_FALSE(f.cancel());
    CHECK_THROWS_WITH_AS(f.result(), "first", std::runtime_error);
}

TEST_CASE("FUT-03: a cancelled future is done, and both accessors tell the cancellation")
{
    test::loop loop;
    future<int> f(loop.executor());
    CHECK(f.cancel());
    CHECK(f.done());
    CHECK(f.cancelled());
    CHECK_THROWS_AS(f.result(), rill::cancelled_error);
    CHECK(rill::is_cancellation(f.exception()));
    CHECK_FALSE(f.cancel());
}

TEST_CASE(
    "FUT-03: a cancelled_error cancels the future, and an abort that nobody asked for does not"
)
{
    test::loop loop;
    future<int> f(loop.executor());
    f.set_exception(rill::cancelled_error(nullptr));
    CHECK(f.cancelled());
    CHECK_THROWS_AS(f.result(), rill::system_error);
    future<int> g(loop.executor());
    g.set_exception(rill::system_error(rill::asio::error::operation_aborted));
    CHECK_FALSE(g.cancelled());
    CHECK_THROWS_AS(g.result(), rill::system_error);
}

TEST_CASE("FUT-03: an abort in a task that was told to stop cancels the future that it is set on")
{
    test::loop loop;
    future<int> f(loop.executor());
    rill::asio::steady_timer timer(loop.executor(), 1h);
    auto t = loop.spawn([&]() -> awaitable<void> {
        try {
            co_await timer.async_wait(rill::asio::deferred);
        } catch (...) {
            f.set_exception(std::current_exception());
        }
    });
    loop.settle();
    t.cancel();
    loop.settle();
    CHECK(f.cancelled());
}

TEST_CASE("FUT-02: an exception that is none is refused, and leaves the future as it was")
{
    test::loop loop;
    future<int> f(loop.executor());
    CHECK_THROWS_AS(f.set_exception(std::exception_ptr()), std::invalid_argument);
    CHECK_FALSE(f.done());
}

TEST_CASE("FUT-05: callbacks run in order of registration, never on the stack of the setter")
{
    test::loop loop;
    future<int> f(loop.executor());
    std::string log;
    f.add_done_callback([&] { log += "a"; });
    f.add_done_callback([&](const future<int>& done) { log += std::to_string(done.result()); });
    loop.get().call_soon([&] {
        f.set_result(7);
        log += "set ";
        f.add_done_callback([&] { log += "b"; });
        log += "added ";
    });
    loop.settle();
    CHECK(log == "set added a7b");
}

TEST_CASE("FUT-05: waiters and callbacks go on in the order in which they came")
{
    test::loop loop;
    future<int> f(loop.executor());
    std::string log;
    const auto wait = [&](std::string name) -> awaitable<void> {
        co_await f;
        log += name;
    };
    loop.spawn(wait("a"));
    loop.settle();
    f.add_done_callback([&] { log += "b"; });
    loop.spawn(wait("c"));
    loop.settle();
    f.set_result(1);
    loop.settle();
    CHECK(log == "abc");
}

TEST_CASE("FUT-05: a callback that throws is reported, and the next one runs")
{
    test::loop loop;
    future<int> f(loop.executor());
    bool ran = false;
    f.add_done_callback([] { throw std::runtime_error("bad callback"); });
    f.add_done_callback([&] { ran = true; });
    f.set_result(1);
    loop.settle();
    CHECK(ran);
    REQUIRE(loop.reported().size() == 1);
    CHECK(loop.reported()[0].find("bad callback") != std::string::npos);
    loop.forget_reported();
}

TEST_CASE("FUT-07: callbacks that add and remove others meanwhile: each runs once or not at all")
{
    test::loop loop;
    future<int> f(loop.executor());
    std::string log;
    rill::handle second;
    rill::handle itself;
    f.add_done_callback([&] {
        log += "1";
        second.cancel();
        f.add_done_callback([&] { log += "4"; });
    });
    second = f.add_done_callback([&] { log += "2"; });
    itself = f.add_done_callback([&] {
        log += "3";
        itself.cancel();
    });
    f.set_result(1);
    loop.settle();
    CHECK(log == "134");
    CHECK(second.cancelled());
    CHECK_FALSE(itself.cancelled());
}

TEST_CASE("FUT-07: a callback taken back before the end lets go of what it holds at once")
{
    test::loop loop;
    future<int> f(loop.executor());
    const auto held = std::make_shared<int>(1);
    auto registration = f.add_done_callback([copy = held] { FAIL("it was taken back"); });
    registration.cancel();
    CHECK(held.use_count() == 1);
    registration.cancel();
    f.set_result(1);
    loop.settle();
}

TEST_CASE("FUT-07: a callback that drops the last handle of its future")
{
    test::loop loop;
    std::optional<future<int>> f(std::in_place, loop.executor());
    int calls = 0;
    f->add_done_callback([&] {
        ++calls;
        f.reset();
    });
    f->add_done_callback([&] { ++calls; });
    f->set_result(1);
    loop.settle();
    CHECK(calls == 2);
}

TEST_CASE("FUT-08: many may await it, many times, and all see the same outcome")
{
    test::loop loop;
    future<std::string> f(loop.executor());
    const auto wait_twice = [&]() -> awaitable<std::string> {
        const std::string first = co_await f;
        const std::string second = co_await std::move(f); // others look at it: it stays
        co_return first + second;
    };
    const auto a = loop.spawn(wait_twice);
    const auto b = loop.spawn(wait_twice);
    loop.settle();
    f.set_result("a text of some length ");
    loop.settle();
    const std::string twice = "a text of some length a text of some length ";
    CHECK(a.result() == twice);
    CHECK(b.result() == twice);
    CHECK(f.result() == "a text of some length ");
}

TEST_CASE("FUT-09: a failed future throws the same exception object each time")
{
    test::loop loop;
    future<int> f(loop.executor());
    f.set_exception(std::runtime_error("once"));
    std::vector<const void*> seen;
    loop.run([&]() -> awaitable<void> {
        for (int i = 0; i < 3; ++i) {
            try {
                co_await f;
            } catch (const std::runtime_error& e) {
                seen.push_back(&e);
            }
        }
    });
    REQUIRE(seen.size() == 3);
    CHECK(seen[0] == seen[1]);
    CHECK(seen[1] == seen[2]);
}

TEST_CASE("FUT-10: a future belongs to a loop, which can be asked for")
{
    test::loop loop;
    const future<int> given(loop.executor());
    CHECK(given.get_executor() == rill::asio::any_io_executor(loop.executor()));
    loop.run([&]() -> awaitable<void> {
        const future<int> found;
        CHECK(found.get_executor() == given.get_executor());
        co_return;
    });
    CHECK_THROWS_AS(future<int>(), std::logic_error);
}

TEST_CASE("FUT-11: an error that nobody looked at is reported once, when the last handle goes")
{
    test::loop loop;
    const std::string line = std::to_string(__LINE__ + 2);
    {
        future<int> f(loop.executor());
        const auto other = f;
        f.set_exception(std::runtime_error("unseen"));
        loop.settle();
        CHECK(loop.reported().empty());
    }
    REQUIRE(loop.reported().size() == 1);
    CHECK(
        loop.reported()[0] ==
        "the exception of a future was never retrieved (created at future.cpp:" + line + "): unseen"
    );
    loop.forget_reported();
}

TEST_CASE("FUT-11: looking at the error, awaiting it or a later cancel keeps it from the report")
{
    test::loop loop;
    const auto failed = [&] {
        future<int> f(loop.executor());
        f.set_exception(std::runtime_error("seen"));
        return f;
    };
    CHECK(failed().exception());
    CHECK_THROWS(failed().result());
    CHECK_THROWS(loop.run(get(failed())));
    CHECK_FALSE(failed().cancel());
    CHECK(loop.reported().empty());
}

TEST_CASE("FUT-12: dropping one that is pending, cancelled, or has an unread value reports nothing")
{
    test::loop loop;
    {
        const future<int> pending(loop.executor());
        future<int> unread(loop.executor());
        unread.set_result(1);
        future<int> cancelled(loop.executor());
        cancelled.cancel("no need");
        loop.settle();
    }
    CHECK(loop.reported().empty());
}

TEST_CASE("FUT-12: callbacks of a future that is dropped pending are never called, and are let go")
{
    test::loop loop;
    const auto held = std::make_shared<int>(1);
    {
        const future<int> pending(loop.executor());
        pending.add_done_callback([copy = held] { FAIL("it has not ended"); });
    }
    loop.settle();
    CHECK(held.use_count() == 1);
}

TEST_CASE("FUT-12: a wait by completion token ends with operation_aborted when the last handle goes"
)
{
    test::loop loop;
    test::completion<> waiter;
    {
        const future<int> pending(loop.executor());
        pending.async_wait(waiter.handler());
        loop.settle();
        CHECK_FALSE(waiter.done());
    }
    loop.settle();
    CHECK(waiter.calls() == 1);
    CHECK(waiter.error() == rill::condition::cancelled);
}

TEST_CASE("FUT-13: a cancel message travels to whoever gets the cancellation")
{
    test::loop loop;
    future<int> f(loop.executor());
    std::string message;
    auto t = loop.spawn([&]() -> awaitable<void> {
        try {
            co_await f;
        } catch (const rill::cancelled_error& e) {
            message = e.message();
        }
    });
    loop.settle();
    f.cancel("closing time");
    loop.settle();
    CHECK(message == "closing time");
    CHECK(t.cancelling() == 0);
    CHECK(test::text_of(f.exception()) == "cancelled (closing time)");
}

TEST_CASE("FUT-14: set unless done tells whether it did, and never throws")
{
    test::loop loop;
    future<int> f(loop.executor());
    future<int> cancelled(loop.executor());
    cancelled.cancel();
    CHECK(f.set_result_unless_done(1));
    CHECK_FALSE(f.set_result_unless_done(2));
    CHECK_FALSE(cancelled.set_result_unless_done(3));
    CHECK(f.result() == 1);
    CHECK(cancelled.cancelled());
}

TEST_CASE("FUT-14: set unless done does nothing once the loop is gone")
{
    std::optional<test::abandoned_loop> loop(std::in_place);
    future<int> f(loop->executor());
    loop.reset();
    CHECK_FALSE(f.set_result_unless_done(1));
    CHECK_FALSE(f.done());
}

TEST_CASE("future: cancelling whoever awaits it cancels the future, for all who wait")
{
    test::loop loop;
    future<int> f(loop.executor());
    auto first = loop.spawn(get(f));
    const auto second = loop.spawn(get(f));
    loop.settle();
    first.cancel("enough");
    loop.settle();
    CHECK(f.cancelled());
    CHECK(second.cancelled());
    CHECK(second.cancelling() == 0);
    CHECK(test::text_of(second.exception()).find("enough") != std::string::npos);
}

TEST_CASE("future: a cancelled async_wait leaves the future as it was")
{
    test::loop loop;
    future<int> f(loop.executor());
    rill::asio::cancellation_signal signal;
    test::completion<> waiter;
    f.async_wait(rill::asio::bind_cancellation_slot(signal.slot(), waiter.handler()));
    signal.emit(rill::asio::cancellation_type::total);
    loop.settle();
    CHECK(waiter.error() == rill::condition::cancelled);
    f.set_result(3);
    loop.settle();
    CHECK(waiter.calls() == 1);
    CHECK(f.result() == 3);
}

TEST_CASE("future: the awaiting task keeps the outcome alive when every handle goes")
{
    test::loop loop;
    std::optional<future<int>> f(std::in_place, loop.executor());
    const auto t = loop.spawn([&]() -> awaitable<int> { co_return co_await *f; });
    loop.settle();
    future<int> last = *f;
    f.reset();
    last.set_result(5);
    last = future<int>(loop.executor());
    loop.settle();
    CHECK(t.result() == 5);
}

TEST_CASE("future: a result that is neither default-constructible nor copyable is moved out")
{
    struct sealed {
        explicit sealed(int n)
            : number(std::make_unique<int>(n))
        {}

        std::unique_ptr<int> number;
    };
    test::loop loop;
    future<sealed> f(loop.executor());
    const auto t = loop.spawn([&]() -> awaitable<int> {
        const sealed s = co_await std::move(f);
        co_return *s.number;
    });
    loop.settle();
    f.set_result(9);
    loop.settle();
    CHECK(t.result() == 9);
}

TEST_CASE("future: a future<void> is set without a value")
{
    test::loop loop;
    future<> f(loop.executor());
    const auto t = loop.spawn([&]() -> awaitable<void> { co_await f; });
    loop.settle();
    CHECK_FALSE(t.done());
    f.set_result();
    loop.settle();
    CHECK(t.done());
    CHECK_NOTHROW(f.result());
}

TEST_CASE("future: one whose loop has gone says so, and its handles die in any order")
{
    std::optional<test::abandoned_loop> loop(std::in_place);
    future<int> pending(loop->executor());
    std::optional<future<int>> other(pending);
    future<std::string> ended(loop->executor());
    ended.set_result("kept");
    auto callback = pending.add_done_callback([] { FAIL("it never ends"); });
    loop->spawn(get(pending));
    loop->settle();
    loop.reset();
    CHECK_FALSE(pending.done());
    CHECK_THROWS_AS(pending.result(), rill::invalid_state);
    CHECK_THROWS_AS(pending.set_result(1), rill::invalid_state);
    CHECK_THROWS_AS(pending.add_done_callback([] {}), rill::invalid_state);
    CHECK_THROWS_AS(pending.get_executor(), rill::invalid_state);
    CHECK_FALSE(pending.cancel());
    CHECK(ended.result() == "kept");
    callback.cancel();
    other.reset();
}

TEST_CASE("future: awaiting one whose loop has gone is an error, not a wait for ever")
{
    std::optional<test::abandoned_loop> gone(std::in_place);
    const future<int> f(gone->executor());
    gone.reset();
    test::loop loop;
    CHECK_THROWS_AS(loop.run(get(f)), rill::invalid_state);
}

} // namespace
