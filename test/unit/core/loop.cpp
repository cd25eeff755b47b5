// SPDX-License-Identifier: BSL-1.0
#include <support/loop.hpp>

#include <rill/loop.hpp>
#include <rill/sleep.hpp>

#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace {

using rill::awaitable;
using namespace std::chrono_literals;

TEST_CASE("LOOP-01, LOOP-02: run_until_complete gives the outcome, and goes on after a stop")
{
    rill::loop loop;
    CHECK(loop.run_until_complete([]() -> awaitable<int> { co_return 3; }()) == 3);

    const auto t = rill::create_task(loop.get_executor(), []() -> awaitable<int> {
        co_await rill::sleep(1ms);
        co_return 4;
    });
    loop.call_soon([&] { loop.stop(); });
    CHECK_THROWS_AS(loop.run_until_complete(t), std::logic_error);
    CHECK_FALSE(t.done());
    CHECK(loop.run_until_complete(t) == 4);
}

TEST_CASE("LOOP-03: a second loop on a thread that runs one is refused")
{
    rill::loop outer;
    outer.run_until_complete([]() -> awaitable<void> {
        rill::loop inner;
        bool started = false;
        CHECK_THROWS_AS(
            inner.run_until_complete([&]() -> awaitable<void> {
                started = true;
                co_return;
            }()),
            std::logic_error
        );
        CHECK_FALSE(started);
        co_await rill::yield();
    }());
}

TEST_CASE("LOOP-12: the running loop is found from callbacks and coroutines, and nowhere else")
{
    rill::loop loop;
    CHECK_THROWS_AS(rill::this_loop(), std::logic_error);
    bool found = false;
    loop.call_soon([&] { found = &rill::this_loop().context() == &loop.context(); });
    loop.run_until_complete([](rill::loop& l) -> awaitable<void> {
        CHECK(&rill::this_loop().context() == &l.context());
        co_await rill::yield();
    }(loop));
    CHECK(found);
}

TEST_CASE("loop: several views of one io_context are one loop")
{
    boost::asio::io_context io;
    rill::loop a(io);
    rill::loop b(io);
    std::string order;
    a.call_soon([&] { order += 'a'; });
    b.call_soon([&] { order += 'b'; });
    io.run();
    CHECK(order == "ab");
}

TEST_CASE("CB-01: call_soon calls once, in order, and never inline")
{
    test::loop loop;
    std::vector<int> order;
    for (int i = 0; i < 4; ++i)
        loop.get().call_soon([&order, i] { order.push_back(i); });
    CHECK(order.empty());
    loop.settle();
    CHECK(order == std::vector{0, 1, 2, 3});
}

TEST_CASE("CB-02: a callback that requeues itself starves neither timers nor others")
{
    rill::loop loop;
    bool stop = false;
    struct again {
        rill::loop& loop;
        bool& stop;

        void operator()() const
        {
            if (!stop)
                loop.call_soon(*this);
        }
    };
    loop.call_soon(again{loop, stop});
    loop.run_until_complete([](bool& s) -> awaitable<void> {
        co_await rill::sleep(1ms);
        s = true;
    }(stop));
}

TEST_CASE("CB-04, CB-05: overdue timers fire by deadline, equal ones in the order they were set")
{
    test::loop loop;
    std::string order;
    const auto say = [&](char c) { return [&order, c] { order += c; }; };
    loop.get().call_later(1s, say('b'));
    loop.get().call_later(1s, say('c'));
    loop.get().call_later(0s, say('a'));
    loop.get().call_later(-5s, say('A'));
    loop.get().call_later(1s, say('d'));
    loop.advance(1s);
    CHECK(order == "Aabcd");
}

TEST_CASE("CB-06, CB-07: a cancelled callback is never called, and what it holds goes at once")
{
    test::loop loop;
    const auto held = std::make_shared<int>();
    auto soon = loop.get().call_soon([held] { FAIL("called"); });
    auto later = loop.get().call_later(1s, [held] { FAIL("called"); });
    CHECK(held.use_count() == 3);
    soon.cancel();
    later.cancel();
    later.cancel();
    CHECK(held.use_count() == 1);
    CHECK(later.cancelled());
    loop.advance(2s);

    bool called = false;
    auto ran = loop.get().call_soon([&] { called = true; });
    loop.settle();
    ran.cancel();
    CHECK(called);
    CHECK_FALSE(ran.cancelled());
}

TEST_CASE("CB-09: cancelled timers do not accumulate")
{
    test::loop loop;
    for (int i = 0; i < 10'000; ++i)
        loop.get().call_later(1h, [] {}).cancel();
    CHECK(loop.leftovers().empty());
}

TEST_CASE("CB-10: a delay beyond the clock's range neither overflows nor fires")
{
    test::loop loop;
    auto h = loop.get().call_later(rill::forever, [] { FAIL("called"); });
    auto far = loop.get().call_later(24h * 365 * 200, [] { FAIL("called"); });
    loop.advance(24h * 365);
    CHECK(h.when() == rill::never);
    h.cancel();
    far.cancel();
}

TEST_CASE("CB-12: call_soon_threadsafe wakes a loop that waits")
{
    rill::loop loop;
    std::thread other([&] { loop.call_soon_threadsafe([&] { loop.stop(); }); });
    loop.run_forever();
    other.join();
}

TEST_CASE("CB-16, EH-01: an exception in a callback goes to the handler, and the next one runs")
{
    test::loop loop;
    bool next = false;
    loop.get().call_soon([] { throw std::runtime_error("oops"); });
    loop.get().call_soon([&] { next = true; });
    loop.settle();
    REQUIRE(loop.reported().size() == 1);
    CHECK(loop.reported()[0] == "exception in a callback: oops");
    CHECK(next);
    loop.forget_reported();
}

TEST_CASE("EH-02: an exception handler that throws does not stop the loop")
{
    rill::loop loop;
    loop.set_exception_handler([](const rill::exception_context&) {
        throw std::runtime_error("no");
    });
    loop.call_soon([] { throw std::runtime_error("oops"); });
    CHECK(loop.run_until_complete([]() -> awaitable<int> {
        co_await rill::yield();
        co_return 1;
    }()) == 1);
}

} // namespace
