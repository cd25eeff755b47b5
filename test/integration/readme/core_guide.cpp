// SPDX-License-Identifier: BSL-1.0
//
// Runs what framework/core/README.md shows.
#include "core_guide.hpp"

#include <rill/testing/run.hpp>

#include <doctest/doctest.h>

namespace {

TEST_CASE("core guide: its examples give what the text says")
{
    CHECK(run_it() == 42);
    CHECK(rill::run(twice()) == 84);
    CHECK(rill::run(all_or_nothing()) == 55);
    CHECK(rill::run(both()) == 126);
    CHECK(rill::run(first_ticks()) == 10);
    CHECK(rill::run(blocking()) == 21);
    CHECK(rill::run(handle_request("r1")) == "[r1] child");
}

TEST_CASE("core guide: the recipe for a shutdown leaves nobody but its caller")
{
    const auto main = []() -> awaitable<std::size_t> {
        const auto sleeper = rill::create_task(rill::sleep(1h));
        const auto waiter = rill::create_task(
            "waiter", [](rill::task<void> t) -> awaitable<void> { co_await t; }, sleeper
        );
        co_await rill::yield();
        co_await end_all_others();
        CHECK(sleeper.cancelled());
        CHECK(waiter.cancelled());
        co_return rill::all_tasks().size();
    };
    CHECK(rill::run(main) == 1);
}

TEST_CASE("core guide: every runs at even distances")
{
    CHECK(rill::testing::run(samples()) == 4);
}

TEST_CASE("core guide: a timeout explains itself")
{
    const std::string text = rill::run(within(10ms));
    CHECK(text.find("rill::timeout: 10ms passed (deadline set at core_guide.hpp:") == 0);
    CHECK(text.find("while it waited for a sleep at core_guide.hpp:") != std::string::npos);
}

TEST_CASE("core guide: locks, channels, retries and rates")
{
    CHECK(rill::run(transfers()) == 70);
    int loads = 0;
    rill::single_flight<std::string, int> flights;
    CHECK(rill::run(load_once(flights, loads)) == 84);
    CHECK(loads == 1);
    CHECK(rill::run(add_up()) == 16);
    CHECK(rill::run(third_time_lucky()) == 3);
    CHECK(rill::run(a_few_a_second()) == 4);
}

TEST_CASE("core guide: select, a callback and a cleanup")
{
    const auto select_one = []() -> awaitable<int> {
        rill::queue<int> orders;
        orders.try_put(7);
        const auto stop = rill::create_task(rill::sleep(1h));
        co_return co_await first_order(orders, stop);
    };
    CHECK(rill::run(select_one) == 7);

    const auto call_back = [](const std::function<void(int)>& f) { f(5); };
    CHECK(rill::run(from_callback(call_back)) == 5);

    std::vector<std::string> log;
    const auto cancelled = [&]() -> awaitable<void> {
        co_await rill::move_on_after(1ms, transfer(log));
    };
    rill::run(cancelled);
    CHECK(log == std::vector<std::string>{"begin", "rolled back"});
}

} // namespace
