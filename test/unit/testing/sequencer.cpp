// SPDX-License-Identifier: BSL-1.0
#include <rill/cancel_scope.hpp>
#include <rill/sleep.hpp>
#include <rill/task_group.hpp>
#include <rill/testing/checkpoints.hpp>
#include <rill/testing/run.hpp>
#include <rill/testing/sequencer.hpp>

#include <doctest/doctest.h>

#include <chrono>
#include <optional>
#include <stdexcept>
#include <string>

namespace {

namespace testing = rill::testing;
using rill::awaitable;
using namespace std::chrono_literals;

/// Takes a turn and says its number; or what ended the wait for it.
awaitable<void> say(testing::sequencer& sequence, std::size_t n, std::string& log)
{
    try {
        const auto turn = co_await sequence.turn(n);
        log += std::to_string(n);
        co_await rill::sleep(1s); // the next one does not begin meanwhile
        log += " ";
    } catch (const rill::system_error& e) {
        log += e.code() == rill::errc::broken ? "broken " : "cancelled ";
    }
}

} // namespace

TEST_CASE("BY-30: numbered blocks run in the order of their numbers, over several tasks")
{
    std::string log;
    testing::explore(20, [&]() -> awaitable<void> {
        testing::sequencer sequence;
        log.clear();
        const auto some = [&](std::size_t a, std::size_t b) -> awaitable<void> {
            co_await say(sequence, a, log);
            co_await say(sequence, b, log);
        };
        const auto body = [&](rill::task_group& g) -> awaitable<void> {
            g.create_task(some(2, 5));
            g.create_task(some(0, 3));
            g.create_task(some(1, 4));
            co_return;
        };
        co_await rill::with_task_group(body);
        CHECK(log == "0 1 2 3 4 5 ");
    });
}

TEST_CASE("BY-30: a turn whose time it is begins at once, and passes on at its end")
{
    testing::run([]() -> awaitable<void> {
        testing::sequencer sequence;
        for (std::size_t n = 0; n < 3; ++n) {
            auto turn = co_await testing::assert_no_checkpoints(sequence.turn(n));
            turn.end();
            turn.end(); // it has ended
        }
        const auto last = co_await testing::assert_no_checkpoints(sequence.turn(3));
        auto next = rill::create_task([&]() -> awaitable<void> {
            const auto mine = co_await sequence.turn(4);
        });
        co_await testing::settle();
        CHECK_FALSE(next.done());
        next.cancel();
        co_await rill::yield();
    });
}

TEST_CASE("BY-30: a block that fails lets the next one begin")
{
    testing::run([]() -> awaitable<void> {
        testing::sequencer sequence;
        try {
            const auto turn = co_await sequence.turn(0);
            throw std::runtime_error("in the block");
        } catch (const std::runtime_error&) {
        }
        const auto turn = co_await sequence.turn(1);
        CHECK_FALSE(sequence.broken());
    });
}

TEST_CASE("BY-30: a turn that is cancelled breaks the sequence for all who wait and all who come")
{
    testing::run([]() -> awaitable<void> {
        testing::sequencer sequence;
        std::string log;
        auto first = rill::create_task(say(sequence, 1, log));
        auto second = rill::create_task(say(sequence, 2, log));
        auto third = rill::create_task(say(sequence, 3, log));
        co_await testing::settle();
        second.cancel();
        co_await testing::settle();
        CHECK(log == "cancelled broken broken ");
        CHECK(sequence.broken());
        co_await say(sequence, 4, log);
        co_await say(sequence, 0, log);
        CHECK(log == "cancelled broken broken broken broken ");
    });
}

TEST_CASE("BY-30: so does one that is cancelled before it waits")
{
    testing::run([]() -> awaitable<void> {
        testing::sequencer sequence;
        std::string log;
        auto waits = rill::create_task(say(sequence, 2, log));
        rill::cancel_scope scope;
        const auto asks = [&]() -> awaitable<void> {
            scope.cancel();
            const auto turn = co_await sequence.turn(1);
            FAIL("it began");
        };
        co_await scope.run(asks);
        co_await waits;
        CHECK(log == "broken ");
    });
}

TEST_CASE("BY-30: a number is used once")
{
    testing::run([]() -> awaitable<void> {
        testing::sequencer sequence;
        {
            const auto turn = co_await sequence.turn(0);
        }
        CHECK_THROWS_AS(static_cast<void>(sequence.turn(0)), rill::invalid_state);
        CHECK_FALSE(sequence.broken());
        const auto turn = co_await sequence.turn(1);
    });
}

TEST_CASE("sequencer: destroyed, it ends the waits for later turns, and a turn may outlive it")
{
    std::string log;
    testing::run([&]() -> awaitable<void> {
        std::optional<testing::sequencer> sequence(std::in_place);
        auto first = co_await sequence->turn(0);
        const auto waiting = rill::create_task(say(*sequence, 2, log));
        co_await testing::settle();
        auto about_to = sequence->turn(3);
        sequence.reset();
        co_await waiting;
        CHECK(log == "cancelled ");
        CHECK_THROWS_AS(static_cast<void>(co_await std::move(about_to)), rill::system_error);
        first.end();
    });
}
