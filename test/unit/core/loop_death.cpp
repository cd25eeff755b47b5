// SPDX-License-Identifier: BSL-1.0
//
// A loop that ends with work going on: every frame is destroyed, nothing leaks, and nothing is
// used after it is gone. What these tests check, the sanitizers check with them.
#include <support/loop.hpp>

#include <rill/detail/loop/loop_core.hpp>
#include <rill/event.hpp>
#include <rill/queue.hpp>
#include <rill/shield.hpp>
#include <rill/task_group.hpp>
#include <rill/timeout.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <memory>
#include <optional>

namespace {

using rill::awaitable;
using namespace std::chrono_literals;

/// Counts the frames that hold one.
class witness {
public:
    explicit witness(int& alive)
        : alive_(alive)
    {
        ++alive_;
    }

    ~witness() { --alive_; }

    witness(const witness&) = delete;

private:
    int& alive_;
};

/// Starts what `make` gives on a loop, lets it reach its wait, and ends the loop.
template <class Make>
void end_while_waiting(Make make)
{
    int alive = 0;
    {
        test::abandoned_loop loop;
        loop.spawn([&]() -> awaitable<void> {
            const witness w(alive);
            co_await make(alive);
            FAIL("it went on");
        });
        loop.settle();
        CHECK(alive > 0);
    }
    CHECK(alive == 0);
}

TEST_CASE("PRIM-02: a loop ends with a task that sleeps")
{
    end_while_waiting([](int&) { return rill::sleep(1h); });
}

TEST_CASE("PRIM-02: a loop ends with a task that waits for Asio's timer")
{
    end_while_waiting([](int&) -> awaitable<void> {
        rill::asio::steady_timer timer(co_await rill::asio::this_coro::executor, 1h);
        co_await timer.async_wait(rill::asio::deferred);
    });
}

TEST_CASE("PRIM-02: a loop ends with nested timeouts, shields and a task that awaits another")
{
    end_while_waiting([](int& alive) -> awaitable<void> {
        co_await rill::timeout(1h, [&]() -> awaitable<void> {
            const witness w(alive);
            const rill::shield_scope shield;
            co_await rill::timeout(2h, [&]() -> awaitable<void> {
                const witness v(alive);
                co_await rill::create_task(rill::sleep(3h));
            });
        });
    });
}

TEST_CASE("PRIM-02: a loop ends with a group whose children wait")
{
    end_while_waiting([](int& alive) {
        return rill::with_task_group([&](rill::task_group& g) -> awaitable<void> {
            for (int i = 0; i < 3; ++i)
                g.create_task([&]() -> awaitable<void> {
                    const witness w(alive);
                    co_await rill::sleep(1h);
                });
            co_return;
        });
    });
}

TEST_CASE("PRIM-02: a loop ends with an event in the very frame that waits for it")
{
    end_while_waiting([](int&) -> awaitable<void> {
        rill::event never_set;
        co_await never_set.wait();
    });
}

TEST_CASE("PRIM-02: a loop ends with queues in frames, waited for from both sides")
{
    end_while_waiting([](int&) -> awaitable<void> {
        rill::queue<std::unique_ptr<int>> full(1);
        rill::queue<std::unique_ptr<int>> empty;
        co_await full.put(std::make_unique<int>(1));
        rill::create_task(full.put(std::make_unique<int>(2)));
        co_await empty.get();
    });
}

TEST_CASE("PRIM-02: a loop ends with wake-ups that have not run yet")
{
    int alive = 0;
    std::optional<test::abandoned_loop> loop(std::in_place);
    rill::event event(loop->executor());
    rill::queue<std::unique_ptr<int>> queue(loop->executor());
    const auto wait = [&]() -> awaitable<void> {
        const witness w(alive);
        co_await event.wait();
    };
    const auto get = [&]() -> awaitable<void> {
        const witness w(alive);
        co_await queue.get();
    };
    loop->spawn(wait);
    loop->spawn(get);
    loop->settle();
    event.set();
    queue.try_put(std::make_unique<int>(1));
    loop->spawn(wait); // not even started
    CHECK(alive == 2);
    loop.reset();
    CHECK(alive == 0);
}

TEST_CASE("PRIM-02: a loop ends with callbacks that were not called: what they hold is gone")
{
    const auto held = std::make_shared<int>(1);
    {
        test::abandoned_loop loop;
        loop.get().call_soon([held] { FAIL("called"); });
        loop.get().call_later(1h, [held] { FAIL("called"); });
        CHECK(held.use_count() == 3);
    }
    CHECK(held.use_count() == 1);
}

TEST_CASE("PRIM-02: a cancelled task whose loop ends before its next step")
{
    int alive = 0;
    {
        test::abandoned_loop loop;
        auto t = loop.spawn([&]() -> awaitable<void> {
            const witness w(alive);
            rill::asio::steady_timer timer(co_await rill::asio::this_coro::executor, 1h);
            co_await rill::timeout(2h, timer.async_wait(rill::asio::use_awaitable));
        });
        loop.settle();
        t.cancel();
    }
    CHECK(alive == 0);
}

TEST_CASE("PRIM-02: primitives and handles may outlive the loop, and die in any order")
{
    std::optional<test::abandoned_loop> loop(std::in_place);
    rill::event event(loop->executor());
    rill::queue<int> queue(loop->executor(), 1);
    auto t = loop->spawn(event.wait(), "left");
    loop->settle();
    loop.reset();
    CHECK_FALSE(t.done());
    CHECK(t.name() == "left");
    CHECK_FALSE(event.is_set());
    event.set();
    CHECK(queue.try_put(1));
}

TEST_CASE("PRIM-02: a loop ends with callbacks that wait for an event and a queue that outlive it")
{
    const auto held = std::make_shared<int>(1);
    std::optional<test::abandoned_loop> loop(std::in_place);
    rill::event event(loop->executor());
    rill::queue<int> queue(loop->executor());
    event.async_wait([held](rill::error_code) { FAIL("called"); });
    queue.async_get([held](rill::error_code, int) { FAIL("called"); });
    CHECK(held.use_count() == 3);
    loop.reset();
    CHECK(held.use_count() == 1);
    event.set();
}

TEST_CASE("PRIM-02: a socket made in a task may be used and closed after the task has ended")
{
    using rill::asio::ip::tcp;
    test::loop loop;
    const auto make = [&]() -> awaitable<tcp::acceptor> {
        co_return tcp::acceptor(
            co_await rill::asio::this_coro::executor,
            tcp::endpoint(rill::asio::ip::address_v4::loopback(), 0)
        );
    };
    auto acceptor = loop.run(make());
    auto t = loop.spawn([&]() -> awaitable<void> {
        co_await acceptor.async_accept(rill::asio::use_awaitable);
    });
    loop.settle();
    t.cancel();
    loop.settle();
    CHECK(t.cancelled());
}

TEST_CASE("PRIM-02: an io_context of the program's own ends with Rill's tasks and its own in it")
{
    int alive = 0;
    {
        rill::asio::io_context io;
        rill::event event(io.get_executor());
        const auto wait = [&]() -> awaitable<void> {
            const witness w(alive);
            co_await event.wait();
        };
        rill::create_task(io.get_executor(), wait());
        rill::asio::co_spawn(io, wait(), [](std::exception_ptr) { FAIL("it ended"); });
        event.async_wait([](rill::error_code) { FAIL("called"); });
        io.poll();
        CHECK(alive == 2);
        // The event dies first: its waiters' handlers are queued, and dropped with the io_context.
    }
    CHECK(alive == 0);
}

} // namespace
