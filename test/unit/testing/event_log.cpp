// SPDX-License-Identifier: BSL-1.0
#include <rill/queue.hpp>
#include <rill/sleep.hpp>
#include <rill/task_group.hpp>
#include <rill/testing/event_log.hpp>
#include <rill/testing/random_data.hpp>
#include <rill/testing/run.hpp>

#include <doctest/doctest.h>

#include <chrono>
#include <cstdint>
#include <optional>
#include <set>
#include <source_location>
#include <string>
#include <utility>

namespace {

namespace testing = rill::testing;
using rill::awaitable;
using namespace std::chrono_literals;

/// Producers and consumers with delays of their own, in an order that the seed decides.
awaitable<std::pair<std::uint64_t, std::string>> busy()
{
    testing::event_log log;
    testing::random_data data;
    rill::queue<int> items(3);
    const auto produce = [&]() -> awaitable<void> {
        for (int i = 0; i < 5; ++i) {
            co_await rill::sleep(std::chrono::milliseconds(data.number(0, 3)));
            co_await items.put(i);
        }
    };
    const auto consume = [&]() -> awaitable<void> {
        for (int i = 0; i < 5; ++i)
            log.note("got " + std::to_string(co_await items.get()));
    };
    const auto body = [&](rill::task_group& g) -> awaitable<void> {
        for (int i = 0; i < 3; ++i) {
            g.create_task(produce);
            g.create_task(consume);
        }
        co_return;
    };
    co_await rill::with_task_group(body);
    std::pair<std::uint64_t, std::string> result(log.hash(), log.text());
    co_return result;
}

std::pair<std::uint64_t, std::string> busy_with(std::uint64_t seed)
{
    return testing::run(&busy, testing::options().seed(seed).shuffle());
}

} // namespace

TEST_CASE("event_log: it says what each task does, when and where, and what the program notes")
{
    testing::run([]() -> awaitable<void> {
        testing::event_log log;
        const auto work = [&]() -> awaitable<void> {
            co_await rill::sleep(1500ms);
            log.note("worked");
        };
        const auto task = rill::create_task(work, "worker");
        co_await task;
        log.note("done");
        CHECK(log.lines().size() == 7);
        CHECK(
            log.text() == "0ns worker: created\n"
                          "0ns worker: begins\n"
                          "1.5s worker: goes on in event_log.cpp\n"
                          "1.5s worker: note: worked\n"
                          "1.5s worker: ends\n"
                          "1.5s main: goes on in event_log.cpp\n"
                          "1.5s main: note: done\n"
        );
    });
}

TEST_CASE("event_log: outside of tasks a note has no name, and after its end nothing is recorded")
{
    testing::loop loop;
    testing::event_log outer(loop.executor());
    {
        const testing::event_log inner(loop.executor());
    }
    loop.advance(1h);
    outer.note("an hour");
    CHECK(outer.text() == "3600s no task: note: an hour\n");
    loop.run([]() -> awaitable<void> { co_return; });
    CHECK(outer.lines().size() == 4);
}

TEST_CASE("event_log: it may outlive its loop; what is noted then has the time of the last line")
{
    std::optional<testing::event_log> log;
    {
        testing::loop loop;
        log.emplace(loop.executor());
        loop.advance(2s);
        log->note("alive");
        loop.advance(2s);
    }
    log->note("gone");
    CHECK(log->lines().back() == "2s no task: note: gone");
}

TEST_CASE("event_log: its hash is FNV-1a of its text")
{
    testing::loop loop;
    testing::event_log log(loop.executor());
    CHECK(log.hash() == 0xcbf29ce484222325);
    log.note("hello");
    CHECK(log.text() == "0ns no task: note: hello\n");
    CHECK(log.hash() == 0xb31d4a2b3c07f1e6);
}

TEST_CASE("R21: one seed gives the same log each time, and others another one")
{
    const auto first = busy_with(1);
    CHECK(first.second.size() > 1000);
    for (int i = 0; i < 100; ++i)
        REQUIRE(busy_with(1) == first);
    std::set<std::uint64_t> hashes;
    for (std::uint64_t seed = 1; seed <= 20; ++seed)
        hashes.insert(busy_with(seed).first);
    CHECK(hashes.size() == 20);
}

TEST_CASE("R21: the log is the same with every compiler, on every machine")
{
    CHECK(busy_with(7).first == 0xe69aba30043b7eb5);
}
