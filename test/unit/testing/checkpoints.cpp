// SPDX-License-Identifier: BSL-1.0
#include <support/failure_of.hpp>

#include <rill/checkpoint.hpp>
#include <rill/event.hpp>
#include <rill/run.hpp>
#include <rill/sleep.hpp>
#include <rill/testing/checkpoints.hpp>
#include <rill/testing/run.hpp>

#include <boost/asio/co_spawn.hpp>

#include <doctest/doctest.h>

#include <chrono>
#include <exception>
#include <source_location>
#include <stdexcept>
#include <string>

namespace {

namespace testing = rill::testing;
using rill::awaitable;
using test::contains;
using test::failure_of;
using namespace std::chrono_literals;

awaitable<int> at_once()
{
    co_return 1;
}

awaitable<int> later()
{
    co_await rill::yield();
    co_return 2;
}

} // namespace

TEST_CASE("BY-21: assert_checkpoints lets a body pass that suspends, and gives its result")
{
    testing::run([]() -> awaitable<void> {
        CHECK(co_await testing::assert_checkpoints(later()) == 2);
        co_await testing::assert_checkpoints(rill::sleep(1h));
        const auto body = []() -> awaitable<void> { co_await rill::yield(); };
        co_await testing::assert_checkpoints(body);
    });
}

TEST_CASE("BY-21: assert_checkpoints fails for a body that does not suspend, and says where")
{
    const auto line = std::source_location::current().line();
    const auto main = []() -> awaitable<void> {
        co_await testing::assert_checkpoints(at_once()); // line + 2
    };
    const std::string text = failure_of([&] { testing::run(main); });
    CHECK(contains(text, "did not suspend at checkpoints.cpp:" + std::to_string(line + 2)));
}

TEST_CASE("BY-21: assert_no_checkpoints is the same the other way round")
{
    testing::run([]() -> awaitable<void> {
        CHECK(co_await testing::assert_no_checkpoints(at_once()) == 1);
        rill::event set;
        set.set();
        co_await testing::assert_no_checkpoints(set.wait());
    });
    const auto main = []() -> awaitable<void> { co_await testing::assert_no_checkpoints(later()); };
    CHECK(contains(failure_of([&] { testing::run(main); }), "the body suspended"));
}

TEST_CASE("BY-21: of the halves of a checkpoint, one suspends and the other does not")
{
    testing::run([]() -> awaitable<void> {
        const auto asks = []() -> awaitable<void> {
            rill::throw_if_cancelled();
            co_return;
        };
        co_await testing::assert_no_checkpoints(asks);
        const auto yields = []() -> awaitable<void> { co_await rill::shielded_yield(); };
        co_await testing::assert_checkpoints(yields);
    });
}

TEST_CASE("BY-21: a body that throws is held to it too")
{
    const auto throws_at_once = []() -> awaitable<void> {
        throw std::out_of_range("mine");
        co_return;
    };
    const auto throws_later = []() -> awaitable<void> {
        co_await rill::yield();
        throw std::out_of_range("mine");
    };
    const auto none = [&] { testing::run(testing::assert_no_checkpoints(throws_at_once)); };
    CHECK_THROWS_AS(none(), std::out_of_range);
    const auto some = [&] { testing::run(testing::assert_checkpoints(throws_later)); };
    CHECK_THROWS_AS(some(), std::out_of_range);
    const auto wrong = [&] { testing::run(testing::assert_checkpoints(throws_at_once)); };
    CHECK(contains(failure_of(wrong), "did not suspend"));
    CHECK(contains(failure_of(wrong), "it threw: mine"));
}

TEST_CASE("BY-21: it works in a coroutine that is no task")
{
    boost::asio::io_context io;
    std::exception_ptr error;
    const auto ended = [&error](std::exception_ptr e) { error = e; };
    const auto main = []() -> awaitable<void> {
        co_await testing::assert_checkpoints(later());
        co_await testing::assert_checkpoints(at_once());
    };
    boost::asio::co_spawn(io, main, ended);
    io.run();
    REQUIRE(error);
    CHECK_THROWS_AS(std::rethrow_exception(error), testing::failure);
}
