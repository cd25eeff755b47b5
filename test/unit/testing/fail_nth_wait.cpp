// SPDX-License-Identifier: BSL-1.0
#include <rill/gather.hpp>
#include <rill/queue.hpp>
#include <rill/sleep.hpp>
#include <rill/task_group.hpp>
#include <rill/testing/fail_nth_wait.hpp>
#include <rill/testing/run.hpp>

#include <doctest/doctest.h>

#include <chrono>
#include <string>

namespace {

namespace testing = rill::testing;
using rill::awaitable;
using namespace std::chrono_literals;

/// Three waits, which may fail, and two yields, which cannot.
awaitable<void> three_waits(std::string& log)
{
    for (int i = 1; i <= 3; ++i) {
        try {
            co_await rill::sleep(1s);
            log += std::to_string(i);
        } catch (const rill::system_error& e) {
            const bool cancelled = rill::current_task()->cancelling() > 0;
            log += e.code() == rill::condition::cancelled && !cancelled ? "-" : "?";
        }
        co_await rill::yield();
    }
}

std::string with_failing(std::size_t n, bool& happened)
{
    std::string log;
    testing::run([&]() -> awaitable<void> {
        const testing::fail_nth_wait failing(n);
        co_await three_waits(log);
        happened = failing.happened();
    });
    return log;
}

} // namespace

TEST_CASE("fail_nth_wait: the n-th wait fails, once, and its task is not cancelled")
{
    bool happened = false;
    CHECK(with_failing(1, happened) == "-23");
    CHECK(happened);
    CHECK(with_failing(2, happened) == "1-3");
    CHECK(happened);
    CHECK(with_failing(3, happened) == "12-");
    CHECK(happened);
    CHECK(with_failing(4, happened) == "123");
    CHECK_FALSE(happened);
}

TEST_CASE("fail_nth_wait: it counts the waits of all tasks of the loop")
{
    testing::run([]() -> awaitable<void> {
        std::string a;
        std::string b;
        const testing::fail_nth_wait failing(4);
        const auto body = [&](rill::task_group& g) -> awaitable<void> {
            g.create_task(three_waits(a));
            g.create_task(three_waits(b));
            co_return;
        };
        co_await rill::with_task_group(body); // its own wait is shielded, and does not count
        CHECK(a == "123");
        CHECK(b == "1-3");
    });
}

TEST_CASE("fail_nth_wait: the operation leaves its line in good order")
{
    for (std::size_t n = 2; n <= 4; ++n) // the first one is that of main
        testing::run([n]() -> awaitable<void> {
            rill::queue<int> items(1);
            int put = 0;
            int got = 0;
            bool done = false;
            const auto produce = [&]() -> awaitable<void> {
                for (int i = 0; i < 4; ++i)
                    try {
                        co_await items.put(1);
                        ++put;
                    } catch (const rill::system_error&) {
                    }
                done = true;
            };
            const auto consume = [&]() -> awaitable<void> {
                while (!done || !items.empty()) {
                    co_await rill::yield();
                    got += items.try_get().value_or(0);
                }
            };
            const testing::fail_nth_wait failing(n);
            auto producer = rill::create_task(produce);
            auto consumer = rill::create_task(consume);
            static_cast<void>(co_await rill::gather_settled(producer, consumer));
            CHECK(failing.happened());
            CHECK(put == got + static_cast<int>(items.size()));
        });
}

TEST_CASE("fail_nth_wait: after its end nothing fails")
{
    testing::run([]() -> awaitable<void> {
        {
            const testing::fail_nth_wait failing(1);
        }
        std::string log;
        co_await three_waits(log);
        CHECK(log == "123");
    });
}
