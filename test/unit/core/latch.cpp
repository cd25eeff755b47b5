// SPDX-License-Identifier: BSL-1.0
#include <support/aborted.hpp>
#include <support/every_suspension.hpp>
#include <support/how.hpp>
#include <support/loop.hpp>

#include <rill/latch.hpp>
#include <rill/select.hpp>
#include <rill/task_group.hpp>

#include <boost/asio/bind_cancellation_slot.hpp>

#include <memory>
#include <string>

namespace {

namespace asio = boost::asio;
using rill::awaitable;
using namespace std::chrono_literals;

awaitable<void> wait_and_say(rill::latch& latch, std::string& log, char name)
{
    co_await latch.wait();
    log += name;
}

TEST_CASE("latch: those who wait go on when the count has come to 0, in their order")
{
    test::loop loop;
    rill::latch latch(loop.executor(), 3);
    std::string log;
    for (const char name : {'a', 'b'})
        loop.spawn(wait_and_say(latch, log, name));
    loop.settle();
    latch.count_down(2);
    loop.settle();
    CHECK(log.empty());
    CHECK(latch.count() == 1);
    CHECK_FALSE(latch.try_wait());
    latch.count_down();
    CHECK(log.empty()); // PRIM-01: not inside the call
    CHECK(latch.try_wait());
    loop.settle();
    CHECK(log == "ab");
}

TEST_CASE("PRIM-04: waiting for a latch that is at 0 does not suspend")
{
    test::loop loop;
    rill::latch latch(loop.executor(), 0);
    std::string order;
    loop.run([&]() -> awaitable<void> {
        rill::this_loop().call_soon([&] { order += "callback "; });
        co_await latch.wait();
        co_await latch.arrive_and_wait(0);
        order += "waited ";
        co_await rill::yield();
    });
    CHECK(order == "waited callback ");
}

TEST_CASE("latch: arrive_and_wait counts and waits; the last one to arrive does not suspend")
{
    test::loop loop;
    rill::latch latch(loop.executor(), 3);
    const auto two = loop.spawn(latch.arrive_and_wait(2));
    loop.settle();
    CHECK(latch.count() == 1);
    CHECK_FALSE(two.done());
    loop.run([&]() -> awaitable<void> {
        co_await latch.arrive_and_wait();
        CHECK_FALSE(two.done());
    });
    loop.settle();
    CHECK(two.done());
}

TEST_CASE("latch: a wrong count is refused, and nothing changes")
{
    test::loop loop;
    CHECK_THROWS_AS(rill::latch(loop.executor(), -1), std::invalid_argument);
    rill::latch latch(loop.executor(), 2);
    CHECK_THROWS_AS(latch.count_down(-1), std::invalid_argument);
    CHECK_THROWS_AS(latch.count_down(3), std::logic_error);
    CHECK(
        loop.run(test::how(latch.arrive_and_wait(3))) ==
        "rill::latch: counted down by 3, and 2 is left"
    );
    CHECK(latch.count() == 2);
    latch.count_down(2);
    CHECK_THROWS_AS(latch.count_down(), std::logic_error);
}

TEST_CASE("latch: a cancelled wait leaves the line; cancelled in arrive_and_wait, it has counted")
{
    test::loop loop;
    rill::latch latch(loop.executor(), 2);
    auto waiting = loop.spawn(latch.wait());
    auto arrived = loop.spawn(latch.arrive_and_wait());
    loop.settle();
    CHECK(latch.statistics().waiting == 2);
    waiting.cancel();
    arrived.cancel();
    CHECK(latch.statistics().waiting == 0);
    loop.settle();
    CHECK(waiting.cancelled());
    CHECK(arrived.cancelled());
    CHECK(latch.count() == 1);
}

TEST_CASE("latch: counted down and cancelled in one turn, whichever is first counts")
{
    test::loop loop;
    for (const bool cancel_first : {true, false}) {
        rill::latch latch(loop.executor(), 1);
        auto t = loop.spawn(latch.wait());
        loop.settle();
        if (cancel_first)
            t.cancel();
        latch.count_down();
        t.cancel();
        loop.settle();
        CHECK(t.cancelled() == cancel_first);
    }
}

TEST_CASE("latch: with a handler, and cancelled through its slot")
{
    test::loop loop;
    rill::latch latch(loop.executor(), 1);
    asio::cancellation_signal signal;
    test::completion<> cancelled;
    test::completion<> other;
    latch.async_wait(asio::bind_cancellation_slot(signal.slot(), cancelled.handler()));
    latch.async_wait(other.handler());
    signal.emit(asio::cancellation_type::total);
    loop.settle();
    CHECK(cancelled.error() == rill::condition::cancelled);
    CHECK_FALSE(other.done());
    latch.count_down();
    loop.settle();
    CHECK(other.calls() == 1);
    CHECK_FALSE(other.error());
}

TEST_CASE("select: a latch beside a time limit leaves its line")
{
    test::loop loop;
    rill::latch latch(loop.executor(), 1);
    const auto index = loop.run([&]() -> awaitable<std::size_t> {
        const auto first = co_await rill::select(latch.wait(), rill::sleep(1s));
        co_return first.index();
    });
    CHECK(index == 1);
    CHECK(latch.statistics().waiting == 0);
}

TEST_CASE("latch: what waits for it says its name and how many are to come")
{
    test::loop loop;
    rill::latch latch(loop.executor(), 2);
    latch.set_name("ready");
    auto t = loop.spawn(latch.wait(), "main");
    loop.settle();
    t.cancel();
    loop.settle();
    CHECK(
        test::text_of(t.exception()).find("waited for latch 'ready' (2 to come) at ") !=
        std::string::npos
    );
}

TEST_CASE("PRIM-02: a latch that is destroyed ends the waits for it, but for those that are over")
{
    test::loop loop;
    auto latch = std::make_unique<rill::latch>(loop.executor(), 1);
    const auto waiting = loop.spawn(latch->wait());
    loop.settle();
    latch.reset();
    loop.settle();
    CHECK(test::was_aborted(waiting));
    latch = std::make_unique<rill::latch>(loop.executor(), 1);
    const auto woken = loop.spawn(latch->wait());
    loop.settle();
    latch->count_down();
    latch.reset();
    loop.settle();
    CHECK_FALSE(woken.cancelled());
}

TEST_CASE("PRIM-02: a loop ends with a latch in the very frame that waits for it")
{
    test::abandoned_loop loop;
    loop.spawn([]() -> awaitable<void> {
        rill::latch latch(2);
        const auto other = rill::create_task(latch.arrive_and_wait());
        co_await latch.wait();
        FAIL("it went on");
    });
    loop.settle();
}

TEST_CASE("R19: a latch: nobody passes before the count is at 0")
{
    test::at_every_suspension([](test::scenario& s) {
        rill::latch latch(s.executor(), 3);
        int arrived = 0;
        int passed = 0;
        const auto party = [&](rill::duration d) -> awaitable<void> {
            co_await rill::sleep(d);
            ++arrived;
            co_await latch.arrive_and_wait();
            CHECK(arrived == 3);
            ++passed;
        };
        s.run([&]() -> awaitable<void> {
            co_await rill::with_task_group([&](rill::task_group& g) -> awaitable<void> {
                g.create_task(party(1s));
                g.create_task(party(2s));
                co_await party(1s);
            });
        });
        CHECK(latch.count() == 3 - arrived);
        CHECK(latch.statistics().waiting == 0);
        if (s.completed())
            CHECK(passed == 3);
    });
}

} // namespace
