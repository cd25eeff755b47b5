// SPDX-License-Identifier: BSL-1.0
#include <support/loop.hpp>

#include <rill/context_var.hpp>
#include <rill/gather.hpp>
#include <rill/run.hpp>
#include <rill/sleep.hpp>
#include <rill/to_thread.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/thread_pool.hpp>

#include <barrier>
#include <future>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace {

using rill::awaitable;
using namespace std::chrono_literals;

TEST_CASE("EX-01: a call runs on another thread, and its value comes to the loop's")
{
    rill::run([]() -> awaitable<void> {
        const auto here = std::this_thread::get_id();
        CHECK(co_await rill::to_thread([] { return std::this_thread::get_id(); }) != here);
        CHECK(std::this_thread::get_id() == here);

        const auto add = [](int a, std::string b) { return std::to_string(a) + b; };
        CHECK(co_await rill::to_thread(add, 1, "x") == "1x");

        auto argument = std::make_unique<int>(3);
        auto twice = [](std::unique_ptr<int> p) { return std::make_unique<int>(*p * 2); };
        const auto moved = co_await rill::to_thread(twice, std::move(argument));
        CHECK(*moved == 6);

        int called = 0;
        co_await rill::to_thread([&] { ++called; });
        CHECK(called == 1);
    });
}

TEST_CASE("EX-01: an exception comes to the loop's thread unchanged")
{
    rill::run([]() -> awaitable<void> {
        const auto fail = [] { throw std::runtime_error("in the thread"); };
        std::string text;
        try {
            co_await rill::to_thread(fail);
        } catch (const std::runtime_error& e) {
            text = e.what();
        }
        CHECK(text == "in the thread");
    });
}

TEST_CASE("EX-01: a pool of the program's own, and any executor, take calls as well")
{
    rill::thread_pool pool(1);
    boost::asio::thread_pool other(1);
    std::optional<std::thread::id> of_pool;
    boost::asio::post(pool.get_executor(), [&] { of_pool = std::this_thread::get_id(); });
    rill::run([&]() -> awaitable<void> {
        const auto id = [] { return std::this_thread::get_id(); };
        const auto in_pool = co_await rill::run_in_executor(pool, id);
        CHECK(in_pool == of_pool);
        const auto elsewhere = co_await rill::run_in_executor(other.get_executor(), id);
        CHECK(elsewhere != in_pool);
    });
    CHECK(pool.threads() == 1);
    CHECK(rill::thread_pool::default_threads() <= 32);
    CHECK_THROWS_AS(rill::thread_pool(0), std::invalid_argument);
}

TEST_CASE("EX-01, existing: a coroutine of plain co_spawn calls in a thread")
{
    boost::asio::io_context io;
    int result = 0;
    boost::asio::co_spawn(
        io,
        [&]() -> awaitable<void> { result = co_await rill::to_thread([] { return 4; }); },
        boost::asio::detached
    );
    io.run();
    CHECK(result == 4);
}

TEST_CASE("EX-03: several calls run at the same time")
{
    std::barrier meet(3);
    const auto arrive = [&] {
        meet.arrive_and_wait(); // returns only if all three are here at once
        return 1;
    };
    rill::run([&]() -> awaitable<void> {
        const auto [a, b, c] = co_await rill::gather(
            rill::to_thread(arrive), rill::to_thread(arrive), rill::to_thread(arrive)
        );
        CHECK(a + b + c == 3);
    });
}

/// A pool of one thread that is kept busy until it is let go.
class busy_pool {
public:
    busy_pool()
    {
        boost::asio::post(pool.get_executor(), [this] {
            begun_.set_value();
            go_.get_future().wait();
        });
        begun_.get_future().wait();
    }

    ~busy_pool()
    {
        if (!let_go_)
            go_.set_value();
    }

    void let_go()
    {
        let_go_ = true;
        go_.set_value();
    }

private:
    std::promise<void> begun_;
    std::promise<void> go_;
    bool let_go_ = false;

public:
    rill::thread_pool pool{1};
};

TEST_CASE("EX-04: a cancelled wait ends at once, and a call that has not begun never runs")
{
    busy_pool busy;
    test::loop loop;
    auto held = std::make_shared<int>();
    const auto t = loop.spawn(rill::run_in_executor(busy.pool, [held] { FAIL("called"); }));
    loop.settle();
    CHECK(held.use_count() == 2);
    rill::task<>(t).cancel();
    loop.settle();
    CHECK(t.cancelled());
    CHECK(held.use_count() == 1);
}

TEST_CASE("EX-04: a cancelled wait ends at once, and a call that has begun runs to its end unheard")
{
    rill::loop loop;
    rill::thread_pool pool(1);
    std::promise<void> begun;
    std::promise<void> go;
    bool finished = false;
    auto t = rill::create_task(loop.get_executor(), rill::run_in_executor(pool, [&] {
                                   begun.set_value();
                                   go.get_future().wait();
                                   finished = true;
                                   throw std::runtime_error("nobody hears this");
                               }));
    loop.poll();
    begun.get_future().wait();
    t.cancel();
    loop.poll();
    CHECK(t.cancelled());
    CHECK_FALSE(finished);
    go.set_value();
    CHECK_NOTHROW(loop.run_until_complete(rill::run_in_executor(pool, [] {})));
    CHECK(finished);
}

TEST_CASE("EX-04: a call that ends after its loop drops its outcome")
{
    std::promise<void> begun;
    std::promise<void> go;
    const auto held = std::make_shared<int>();
    rill::thread_pool pool(1);
    {
        rill::loop loop;
        auto t = rill::create_task(loop.get_executor(), rill::run_in_executor(pool, [&, held] {
                                       begun.set_value();
                                       go.get_future().wait();
                                       return std::make_unique<int>(1);
                                   }));
        loop.poll();
        begun.get_future().wait();
    }
    go.set_value();
    rill::run([&]() -> awaitable<void> { co_await rill::run_in_executor(pool, [] {}); });
    CHECK(held.use_count() == 1);
}

const rill::context_var<int> number("number", 0);

TEST_CASE("EX-01: a call sees a copy of the context, and what it sets does not show")
{
    rill::run([]() -> awaitable<void> {
        number.set(5);
        const auto look = [] {
            const int seen = number.get();
            number.set(6);
            return seen;
        };
        CHECK(co_await rill::to_thread(look) == 5);
        CHECK(co_await rill::to_thread(look) == 5);
        CHECK(number.get() == 5);
    });
}

template <class Pool>
concept taken_as_default = requires(rill::loop& l, Pool p) { l.set_default_executor(p); };

TEST_CASE("EX-05: the default executor can be replaced, by a pool and nothing else")
{
    rill::loop loop;
    const auto pool = std::make_shared<rill::thread_pool>(1);
    std::optional<std::thread::id> of_pool;
    boost::asio::post(pool->get_executor(), [&] { of_pool = std::this_thread::get_id(); });
    CHECK_FALSE(rill::detail::loop_core::of(loop.context()).default_executor);
    loop.set_default_executor(pool);
    const auto id = [] { return std::this_thread::get_id(); };
    CHECK(loop.run_until_complete(rill::to_thread(id)) == of_pool);
    CHECK_THROWS_AS(loop.set_default_executor(nullptr), std::invalid_argument);
    loop.close();
    static_assert(taken_as_default<std::shared_ptr<rill::thread_pool>>);
    static_assert(!taken_as_default<std::shared_ptr<boost::asio::thread_pool>>);
}

TEST_CASE("EX-05: the default executor is made at its first use")
{
    rill::loop loop;
    const auto& core = rill::detail::loop_core::of(loop.context());
    CHECK_FALSE(core.default_executor);
    auto call = rill::to_thread([] {});
    CHECK_FALSE(core.default_executor);
    loop.run_until_complete(std::move(call));
    CHECK(core.default_executor);
}

TEST_CASE("EX-06: the shutdown waits for running calls; afterwards further ones are refused")
{
    rill::run([]() -> awaitable<void> {
        bool ended = false;
        const auto t = rill::create_task(rill::to_thread([&] { ended = true; }));
        co_await rill::yield();
        co_await rill::yield();
        CHECK(co_await rill::shutdown_default_executor());
        CHECK(ended);
        co_await t;
        const auto late = [] { FAIL("called"); };
        bool refused = false;
        try {
            co_await rill::to_thread(late);
        } catch (const std::logic_error&) {
            refused = true;
        }
        CHECK(refused);
        CHECK(co_await rill::shutdown_default_executor());
    });
}

TEST_CASE("EX-06: where the time is over, the shutdown says so and goes on")
{
    rill::loop loop; // a testing loop would wait for the thread
    std::vector<std::string> reported;
    loop.set_exception_handler([&](const rill::exception_context& context) {
        reported.push_back(to_string(context));
    });
    std::promise<void> begun;
    auto go = std::make_shared<std::promise<void>>();
    auto gone = std::make_shared<std::promise<void>>();
    auto ended = gone->get_future();
    const auto call = [&begun, go, gone] {
        begun.set_value();
        go->get_future().wait();
        gone->set_value();
    };
    auto t = rill::create_task(loop.get_executor(), rill::to_thread(call));
    loop.poll();
    begun.get_future().wait();
    CHECK_FALSE(loop.run_until_complete(rill::shutdown_default_executor(1ms)));
    REQUIRE(reported.size() == 1);
    CHECK(
        reported[0] == "calls on the default executor did not end within 1ms, their threads are "
                       "left to themselves"
    );
    t.cancel();
    loop.poll();
    CHECK(t.cancelled());
    go->set_value();
    ended.wait();
}

TEST_CASE("EX-06: a closed pool takes no more calls, and runs those it has")
{
    busy_pool busy;
    rill::loop loop;
    int called = 0;
    auto before =
        rill::create_task(loop.get_executor(), rill::run_in_executor(busy.pool, [&] { ++called; }));
    loop.poll();
    busy.pool.close();
    CHECK_THROWS_AS(
        loop.run_until_complete(rill::run_in_executor(busy.pool, [&] { ++called; })),
        std::logic_error
    );
    busy.let_go();
    loop.run_until_complete(before);
    CHECK(called == 1);
}

} // namespace
