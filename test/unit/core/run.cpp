// SPDX-License-Identifier: BSL-1.0
#include <rill/run.hpp>
#include <rill/sleep.hpp>

#include <doctest/doctest.h>

#include <memory>
#include <stdexcept>

namespace {

using rill::awaitable;
using namespace std::chrono_literals;

TEST_CASE("RUN-01: run gives the value of main, move-only ones too")
{
    CHECK(rill::run([]() -> awaitable<int> {
              co_await rill::sleep(1us);
              co_return 6;
          }) == 6);
    const auto p =
        rill::run([]() -> awaitable<std::unique_ptr<int>> { co_return std::make_unique<int>(7); });
    CHECK(*p == 7);
}

TEST_CASE("RUN-02: an exception of main reaches the caller, after the leftovers were ended")
{
    bool ended = false;
    const auto leftover = [&]() -> awaitable<void> {
        try {
            co_await rill::sleep(1h);
        } catch (const rill::system_error&) {
            ended = true;
            throw;
        }
    };
    CHECK_THROWS_WITH_AS(
        rill::run([&]() -> awaitable<void> {
            rill::create_task(leftover());
            co_await rill::yield();
            throw std::runtime_error("main");
        }),
        "main",
        std::runtime_error
    );
    CHECK(ended);
}

TEST_CASE("RUN-04: run inside a running loop is refused, and the coroutine never starts")
{
    bool started = false;
    rill::run([&]() -> awaitable<void> {
        CHECK_THROWS_AS(
            rill::run([&]() -> awaitable<void> {
                started = true;
                co_return;
            }),
            std::logic_error
        );
        co_return;
    });
    CHECK_FALSE(started);
}

TEST_CASE("RUN-05: tasks that are left are cancelled and awaited, and main's value is kept")
{
    int cleaned = 0;
    const auto leftover = [&]() -> awaitable<void> {
        try {
            co_await rill::sleep(1h);
        } catch (const rill::system_error&) {
            ++cleaned;
            throw;
        }
    };
    CHECK(rill::run([&]() -> awaitable<int> {
              for (int i = 0; i < 3; ++i)
                  rill::create_task(leftover());
              co_await rill::yield();
              co_return 5;
          }) == 5);
    CHECK(cleaned == 3);
}

TEST_CASE("RUN-06: a leftover that fails at shutdown is reported and does not replace the result")
{
    std::string reported;
    const auto leftover = []() -> awaitable<void> {
        try {
            co_await rill::sleep(1h);
        } catch (const rill::system_error&) {
            throw std::runtime_error("late");
        }
    };
    std::string line;
    const int result = rill::run([&]() -> awaitable<int> {
        rill::this_loop().set_exception_handler([&](const rill::exception_context& c) {
            reported = to_string(c);
        });
        line = std::to_string(__LINE__ + 1);
        rill::create_task(leftover(), "leftover");
        co_await rill::yield();
        co_return 5;
    });
    CHECK(result == 5);
    CHECK(
        reported == "task exception was never retrieved (task 'leftover', created at run.cpp:" +
                        line + "): late"
    );
}

} // namespace
