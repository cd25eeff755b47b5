// SPDX-License-Identifier: BSL-1.0
#include <support/loop.hpp>

#include <rill/sleep.hpp>
#include <rill/task.hpp>

#include <boost/asio/bind_cancellation_slot.hpp>

#include <string>

namespace {

using rill::awaitable;
using namespace std::chrono_literals;

bool timers_armed(test::loop& loop)
{
    return !rill::detail::loop_core::of(loop.context()).timers().empty();
}

TEST_CASE(
    "SLP-01: sleep ends not before the delay, on the loop's clock, and gives what it was given"
)
{
    test::loop loop;
    const auto t = loop.spawn(rill::sleep(1h, std::string("rested")));
    loop.advance(1h - 1ns);
    CHECK_FALSE(t.done());
    loop.advance(1ns);
    REQUIRE(t.done());
    CHECK(t.result() == "rested");
}

TEST_CASE("SLP-01: sleep counts from the moment when it is awaited")
{
    test::loop loop;
    const auto begin = loop.now();
    loop.run([]() -> awaitable<void> {
        auto later = rill::sleep(1s);
        co_await rill::sleep(1min);
        co_await std::move(later);
    });
    CHECK(loop.now() == begin + 61s);
}

TEST_CASE("SLP-01: sleep_until ends at its time, and one that has passed is a yield")
{
    test::loop loop;
    const auto begin = loop.now();
    loop.run([&]() -> awaitable<void> {
        co_await rill::sleep_until(begin + 3s);
        CHECK(loop.now() == begin + 3s);
        bool turned = false;
        loop.get().call_soon([&] { turned = true; });
        co_await rill::sleep_until(begin);
        CHECK(turned);
    });
    CHECK(loop.now() == begin + 3s);
}

TEST_CASE("SLP-01: a sleep for ever waits until it is cancelled, and arms no timer")
{
    test::loop loop;
    auto t = loop.spawn(rill::sleep(rill::forever));
    loop.advance(10'000h);
    CHECK_FALSE(t.done());
    CHECK_FALSE(timers_armed(loop));
    t.cancel();
    loop.settle();
    CHECK(t.cancelled());
}

TEST_CASE("SLP-02: a delay of zero or less is one turn, in line with the others")
{
    test::loop loop;
    std::string log;
    const auto turns = [&](std::string name, rill::duration d) -> awaitable<void> {
        for (int i = 0; i < 3; ++i) {
            log += name;
            co_await rill::sleep(d);
        }
    };
    loop.spawn(turns("a", 0s));
    loop.spawn(turns("b", -1h));
    loop.spawn(turns("c", 0ns));
    loop.settle();
    CHECK(log == "abcabcabc");
}

TEST_CASE("SLP-04: a cancelled sleep takes its timer away at once")
{
    test::loop loop;
    auto t = loop.spawn(rill::sleep(1h));
    loop.settle();
    CHECK(timers_armed(loop));
    t.cancel();
    CHECK_FALSE(timers_armed(loop));
    loop.settle();
    CHECK(t.cancelled());
}

TEST_CASE("SLP-04: the same with a completion token, cancelled through its slot")
{
    test::loop loop;
    rill::asio::cancellation_signal signal;
    test::completion<> sleeper;
    rill::async_sleep(
        loop.executor(), 1h, rill::asio::bind_cancellation_slot(signal.slot(), sleeper.handler())
    );
    CHECK(timers_armed(loop));
    signal.emit(rill::asio::cancellation_type::total);
    CHECK_FALSE(timers_armed(loop));
    CHECK_FALSE(sleeper.done()); // never inside the call
    loop.settle();
    CHECK(sleeper.error() == rill::condition::cancelled);
}

TEST_CASE("sleep: with a completion token, the handler is called once the time has come")
{
    test::loop loop;
    test::completion<> after;
    test::completion<> until;
    rill::async_sleep(loop.executor(), 2s, after.handler());
    rill::async_sleep_until(loop.executor(), loop.now() + 1s, until.handler());
    loop.advance(1s);
    CHECK(until.calls() == 1);
    CHECK_FALSE(after.done());
    loop.advance(1s);
    CHECK(after.calls() == 1);
    CHECK_FALSE(after.error());
}

TEST_CASE("sleep: equal deadlines end in the order in which they were set, whatever kind they are")
{
    test::loop loop;
    std::string log;
    const auto begin = loop.now();
    const auto wait = [&](std::string name, rill::time_point t) -> awaitable<void> {
        co_await rill::sleep_until(t);
        log += name;
    };
    loop.spawn(wait("a", begin + 1s));
    loop.settle();
    loop.get().call_at(begin + 1s, [&] { log += "b"; });
    loop.spawn(wait("c", begin + 1s));
    loop.advance(1s);
    CHECK(log == "abc");
}

TEST_CASE("sleep: an operation that is made and never awaited arms nothing")
{
    test::loop loop;
    loop.run([&]() -> awaitable<void> {
        {
            auto unused = rill::sleep(1h);
            auto unused_too = rill::sleep(1h);
        }
        CHECK_FALSE(timers_armed(loop));
        co_return;
    });
}

TEST_CASE("sleep: an operation made outside of loops is awaited anywhere, and else needs one")
{
    test::loop loop;
    auto outside = rill::sleep(1s);
    CHECK_THROWS_AS(std::move(outside)([](rill::error_code) {}), std::logic_error);
    bool woken = false;
    rill::async_sleep(loop.executor(), 1s, [&](rill::error_code ec) { woken = !ec; });
    loop.advance(1s);
    CHECK(woken);
}

} // namespace
