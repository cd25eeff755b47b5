// SPDX-License-Identifier: BSL-1.0
//
// One thread at a time; test/integration/threads has it with several.
#include <support/aborted.hpp>
#include <support/every_suspension.hpp>
#include <support/how.hpp>
#include <support/loop.hpp>

#include <rill/shared_state.hpp>
#include <rill/task.hpp>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/bind_executor.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_future.hpp>

#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

namespace {

namespace asio = boost::asio;
using rill::awaitable;
using namespace std::chrono_literals;

int increment(int& n)
{
    return ++n;
}

/// A state whose strand runs when the test says so.
struct elsewhere {
    asio::io_context io;
    rill::shared_state<int> state{io.get_executor(), 0};

    void run()
    {
        io.restart();
        io.run();
    }
};

TEST_CASE("shared_state: f is called with the value, and its result comes back to the caller")
{
    test::loop loop;
    elsewhere other;
    const auto a = loop.spawn(other.state.with(increment));
    const auto b = loop.spawn(other.state.with([](int& n) { n *= 10; }));
    loop.settle();
    CHECK_FALSE(a.done());
    CHECK(other.state.statistics().waiting == 2);
    other.run();
    CHECK_FALSE(a.done()); // on its way: here nothing of the caller's runs
    loop.settle();
    CHECK(a.result() == 1);
    CHECK(b.done());
    CHECK(other.state.statistics().waiting == 0);
    const auto c = loop.spawn(other.state.with(increment));
    loop.settle();
    other.run();
    loop.settle();
    CHECK(c.result() == 11);
}

TEST_CASE("shared_state: on the caller's own loop as well; it always takes a turn")
{
    test::loop loop;
    rill::shared_state<std::string> state(loop.executor(), 3, 'x');
    CHECK(state.get_executor() == asio::any_io_executor(loop.executor()));
    const auto size = [](const std::string& s) { return s.size(); };
    CHECK(loop.run(state.with(size)) == 3);
}

TEST_CASE("shared_state: an exception of f is thrown unchanged, and the value stays usable")
{
    test::loop loop;
    rill::shared_state<int> state(loop.executor(), 5);
    const auto fail = [](int& n) -> int {
        ++n;
        throw std::out_of_range("too far");
    };
    CHECK_THROWS_WITH_AS(loop.run(state.with(fail)), "too far", std::out_of_range);
    CHECK(loop.run(state.with(increment)) == 7);
}

TEST_CASE(
    "shared_state: the value, f and the result need be neither copyable nor default-constructible"
)
{
    struct result {
        explicit result(std::unique_ptr<int> v)
            : value(std::move(v))
        {}

        std::unique_ptr<int> value;
    };
    test::loop loop;
    rill::shared_state<std::unique_ptr<int>> state(loop.executor(), std::make_unique<int>(4));
    auto swap = [mine = std::make_unique<int>(7)](std::unique_ptr<int>& v) mutable {
        return result(std::exchange(v, std::move(mine)));
    };
    CHECK(*loop.run(state.with(std::move(swap))).value == 4);
    const auto look = [](const std::unique_ptr<int>& v) { return *v; };
    CHECK(loop.run(state.with(look)) == 7);
}

TEST_CASE(
    "shared_state: cancelled before f has begun, it never runs; begun, its result is delivered"
)
{
    test::loop loop;
    elsewhere other;
    auto caller = loop.spawn(other.state.with(increment));
    loop.settle();

    SUBCASE("the cancel, then the call")
    {
        caller.cancel();
        CHECK(other.state.statistics().waiting == 0);
        loop.settle();
        CHECK(caller.cancelled());
        other.run();
        loop.settle();
    }
    SUBCASE("the call, then the cancel")
    {
        other.run();
        caller.cancel();
        loop.settle();
        CHECK(caller.result() == 1);
    }
    const bool was_called = !caller.cancelled();
    auto next = loop.spawn(other.state.with(increment));
    loop.settle();
    other.run();
    loop.settle();
    CHECK(next.result() == (was_called ? 2 : 1));
}

TEST_CASE("shared_state: what a withdrawn call holds goes with it, and those behind it are served")
{
    test::loop loop;
    elsewhere other;
    const auto held = std::make_shared<int>();
    auto first = loop.spawn(other.state.with([held](int&) {}));
    const auto second = loop.spawn(other.state.with(increment));
    loop.settle();
    first.cancel();
    loop.settle();
    other.run();
    loop.settle();
    CHECK(second.result() == 1);
    CHECK(held.use_count() == 1);
}

TEST_CASE("shared_state: with completion tokens: values, nothing, exceptions, slots")
{
    elsewhere other;
    asio::io_context here;
    std::exception_ptr error;
    int value = 0;
    const auto note = [&](std::exception_ptr e, int v) {
        error = e;
        value = v;
    };
    const auto fail = [](int&) -> int { throw std::runtime_error("no"); };
    other.state.async_with(increment, asio::bind_executor(here, note));
    other.run();
    CHECK(value == 0);
    here.run();
    CHECK(value == 1);
    other.state.async_with(fail, asio::bind_executor(here, note));
    other.run();
    here.restart();
    here.run();
    CHECK(test::text_of(error) == "no");
    CHECK(value == 0);
    auto done = other.state.async_with([](int& n) { n = 40; }, asio::use_future);
    asio::cancellation_signal signal;
    other.state.async_with(
        increment, asio::bind_cancellation_slot(signal.slot(), asio::bind_executor(here, note))
    );
    signal.emit(asio::cancellation_type::total);
    other.run();
    done.get();
    here.restart();
    here.run();
    CHECK(rill::is_cancellation(error));
    auto last = other.state.async_with(increment, asio::use_future);
    other.run();
    CHECK(last.get() == 41);
    signal.emit(asio::cancellation_type::total); // long over
}

TEST_CASE("shared_state: in plain coroutines of Asio's, on any executor, also cancelled")
{
    asio::thread_pool pool(1);
    rill::shared_state<int> quick(pool.get_executor(), 1);
    auto value = asio::co_spawn(pool, quick.with(increment), asio::use_future);
    CHECK(value.get() == 2);
    asio::io_context here;
    elsewhere other;
    asio::cancellation_signal signal;
    std::exception_ptr error;
    asio::co_spawn(
        here,
        other.state.with(increment),
        asio::bind_cancellation_slot(signal.slot(), [&](std::exception_ptr e, int) { error = e; })
    );
    here.poll();
    signal.emit(asio::cancellation_type::terminal);
    here.run();
    CHECK(rill::is_cancellation(error));
    pool.join();
}

TEST_CASE("shared_state: calls in flight keep the value alive")
{
    test::loop loop;
    asio::io_context io;
    std::optional<rill::shared_state<int>> state;
    state.emplace(io.get_executor(), 8);
    const auto caller = loop.spawn(state->with(increment));
    loop.settle();
    state.reset();
    io.run();
    loop.settle();
    CHECK(caller.result() == 9);
}

TEST_CASE("shared_state: its executor's context dies with calls in it, and they end as aborted")
{
    test::loop loop;
    auto other = std::make_unique<elsewhere>();
    const auto caller = loop.spawn(other->state.with(increment));
    loop.settle();
    other.reset();
    loop.settle();
    CHECK(test::was_aborted(caller));
}

TEST_CASE("shared_state: the caller's loop dies: calls that have not begun are withdrawn")
{
    elsewhere other;
    const auto held = std::make_shared<int>();
    {
        test::abandoned_loop loop;
        rill::shared_state<int> own(loop.executor(), 0);
        for (int i = 0; i < 3; ++i)
            loop.spawn(other.state.with([held](int& n) { ++n; }));
        loop.settle();
        loop.spawn(own.with([held](int& n) { ++n; }));
        CHECK(other.state.statistics().waiting == 3);
    }
    CHECK(other.state.statistics().waiting == 0);
    other.run();
    CHECK(held.use_count() == 1);
    auto value = other.state.async_with(increment, asio::use_future);
    other.run();
    CHECK(value.get() == 1);
}

TEST_CASE("shared_state: whoever waits says for what")
{
    test::loop loop;
    elsewhere other;
    other.state.set_name("totals");
    CHECK(other.state.name() == "totals");
    auto caller = loop.spawn(other.state.with(increment));
    loop.settle();
    caller.cancel();
    loop.settle();
    const std::string text = test::text_of(caller.exception());
    CHECK(text.find("shared state 'totals' at shared_state.cpp:") != text.npos);
}

TEST_CASE(
    "shared_state: interrupted at every suspension, who is told nothing happened is told the truth"
)
{
    test::at_every_suspension([](test::scenario& s) {
        rill::shared_state<int> state(s.executor(), 0);
        int told = 0;
        int cancelled = 0;
        const auto call = [&]() -> awaitable<void> {
            try {
                co_await state.with(increment);
                ++told;
            } catch (const rill::system_error&) {
                ++cancelled;
                throw;
            }
        };
        s.run([&]() -> awaitable<void> {
            co_await rill::with_task_group([&](rill::task_group& g) -> awaitable<void> {
                g.create_task(call());
                g.create_task(call());
                co_await call();
                co_await call();
            });
        });
        CHECK(state.statistics().waiting == 0);
        const auto count = s.loop().run(state.with([](const int& n) { return n; }));
        CHECK(count == told);
        if (s.completed())
            CHECK(told == 4);
    });
}

} // namespace
