// SPDX-License-Identifier: BSL-1.0
#include <support/failure_of.hpp>

#include <rill/event.hpp>
#include <rill/queue.hpp>
#include <rill/shield.hpp>
#include <rill/sleep.hpp>
#include <rill/task_group.hpp>
#include <rill/testing/at_every_suspension.hpp>

#include <doctest/doctest.h>
#include <fcntl.h>
#include <unistd.h>

#include <chrono>
#include <set>
#include <source_location>
#include <stdexcept>
#include <string>
#include <vector>

namespace {

namespace testing = rill::testing;
using rill::awaitable;
using test::contains;
using test::failure_of;
using testing::interruption;
using testing::scenario;
using namespace std::chrono_literals;

awaitable<void> two_waits()
{
    co_await rill::yield();
    co_await rill::sleep(1s);
}

} // namespace

TEST_CASE("R19: each kind of interruption happens at each point, the deadlines among them")
{
    std::vector<std::string> seen;
    const std::size_t points = testing::at_every_suspension([&](scenario& s) {
        s.run(two_waits);
        seen.push_back(s.description() + (s.completed() ? ": completed" : ""));
    });
    // Before the first step, at the yield, at the sleep, and when that has ended.
    CHECK(points == 4);
    CHECK(seen[0] == "left alone: completed");
    CHECK(seen[1] == "left alone: completed");
    CHECK(seen[2] == "cancelled at point 1 of 4, before main began");
    CHECK(contains(seen[3], "cancelled at point 2 of 4, where main waited for its turn at at_every")
    );
    CHECK(contains(seen[4], "cancelled at point 3 of 4, where main waited for a sleep at at_every")
    );
    CHECK(contains(seen[5], "cancelled at point 4 of 4, where main waited for its turn at at_every")
    );
    const std::set<std::string> different(seen.begin(), seen.end());
    CHECK(different.size() == seen.size() - 4); // left alone five times
}

TEST_CASE("R19: an interruption at a wait that has ended comes too late to take anything")
{
    testing::at_every_suspension([](scenario& s) {
        rill::queue<int> items(s.executor());
        int got = 0;
        items.try_put(1);
        s.run([&]() -> awaitable<void> { got = co_await items.get(); });
        s.require(got + (items.empty() ? 0 : 1) == 1, "the item is lost or doubled");
    });
}

TEST_CASE("R19: a requirement that an interruption breaks is a failure that says where and how")
{
    int line = 0;
    const auto play = [&](scenario& s) {
        bool taken = false;
        s.run([&]() -> awaitable<void> {
            taken = true;
            co_await rill::sleep(1s);
            line = std::source_location::current().line() - 1;
            taken = false;
        });
        s.require(!taken, "the permit is lost");
    };
    const std::string text = failure_of([&] { testing::at_every_suspension(play); });
    CHECK(contains(text, "cancelled at point 2 of 3"));
    CHECK(contains(text, "for a sleep at at_every_suspension.cpp:" + std::to_string(line)));
    CHECK(contains(text, "the permit is lost"));
    CHECK(contains(text, "before the interruption: 1 task"));
    CHECK(contains(text, "main  waiting"));
}

TEST_CASE("R19: whatever play throws is nested in the failure")
{
    const auto play = [](scenario& s) {
        s.run(two_waits);
        if (!s.completed())
            throw std::out_of_range("mine");
    };
    try {
        testing::at_every_suspension(play);
        FAIL("it was not noticed");
    } catch (const testing::failure& e) {
        CHECK(contains(e.what(), "mine"));
        CHECK_THROWS_AS(std::rethrow_if_nested(e), std::out_of_range);
    }
}

TEST_CASE("R19: a requirement counts though a task keeps its failure to itself")
{
    const auto play = [](scenario& s) {
        s.run([&]() -> awaitable<void> {
            try {
                s.require(false, "it adds up");
            } catch (const testing::failure&) {
            }
            co_return;
        });
    };
    CHECK(contains(failure_of([&] { testing::at_every_suspension(play); }), "left alone"));
    CHECK(contains(failure_of([&] { testing::at_every_suspension(play); }), "it adds up"));
}

TEST_CASE("R19: a scenario that hangs after an interruption is a failure with the tree of tasks")
{
    const auto play = [](scenario& s) {
        rill::event cleaned(s.executor());
        s.run([&]() -> awaitable<void> {
            const auto work = [&]() -> awaitable<void> {
                co_await rill::sleep(1s);
                cleaned.set(); // not if the sleep throws
            };
            auto task = rill::create_task(work, "work");
            try {
                co_await rill::sleep(2s);
            } catch (const rill::system_error&) {
                task.cancel();
            }
            const rill::shield_scope shield;
            co_await cleaned.wait();
        });
    };
    const std::string text = failure_of([&] { testing::at_every_suspension(play); });
    CHECK(contains(text, "cancelled at point 2"));
    CHECK(contains(text, "nothing is left that could wake 'main'"));
    CHECK(contains(text, "for an event"));
    CHECK(contains(text, "work  new")); // as it was before
}

TEST_CASE("R19: a scenario that turns in circles after an interruption is a failure")
{
    const auto play = [](scenario& s) {
        bool stop = false;
        s.run([&]() -> awaitable<void> {
            auto ticker = rill::create_task([&]() -> awaitable<void> {
                while (!stop)
                    co_await rill::yield();
            });
            co_await rill::yield();
            stop = true;
            co_await ticker;
        });
        stop = true;
    };
    const std::vector<interruption> cancel{interruption::cancel};
    const std::string text = failure_of([&] { testing::at_every_suspension(play, cancel); });
    CHECK(contains(text, "its tasks do not come to theirs"));
}

TEST_CASE("R19: what an interruption leaves behind is a failure: errors, handlers, descriptors")
{
    const auto left = [](auto leave) {
        const auto play = [&](scenario& s) {
            const auto main = [&]() -> awaitable<void> {
                try {
                    co_await rill::sleep(1s);
                } catch (const rill::system_error&) {
                    leave();
                    throw;
                }
            };
            s.run(main);
        };
        return failure_of([&] { testing::at_every_suspension(play); });
    };
    const auto fail = [] { rill::this_loop().call_soon([] { throw std::runtime_error("boom"); }); };
    CHECK(contains(left(fail), "boom"));
    rill::event* event = nullptr;
    const auto wait_by_handler = [&] {
        event = new rill::event;
        event->async_wait([](rill::error_code) {});
    };
    CHECK(contains(left(wait_by_handler), "1 handlers wait"));
    delete event;
    int fd = -1;
    const auto open = [&] { fd = ::open("/dev/null", O_RDONLY | O_CLOEXEC); };
    CHECK(contains(left(open), "/dev/null"));
    ::close(fd);
}

TEST_CASE("R19: an operation that fails does so once, and its task is not cancelled")
{
    int failed = 0;
    int completed = 0;
    const auto play = [&](scenario& s) {
        s.run([&]() -> awaitable<void> {
            for (int attempt = 0;; ++attempt) {
                s.require(attempt < 2, "it failed twice");
                try {
                    co_await rill::sleep(1s);
                    break;
                } catch (const rill::system_error& e) {
                    s.require(e.code() == rill::condition::cancelled, "another error");
                    s.require(rill::current_task()->cancelling() == 0, "it is cancelled");
                    ++failed;
                }
            }
        });
        ++completed;
        s.require(s.completed(), "it does not try again");
    };
    const std::vector<interruption> error{interruption::error};
    const std::size_t points = testing::at_every_suspension(play, error);
    CHECK(points == 3);
    CHECK(failed == 1); // before main began, and after the sleep, nothing could fail
    CHECK(completed == 5);
}

TEST_CASE("R19: what main makes of a failed operation is its own, but for logic errors")
{
    const auto with = [](auto error) {
        const auto play = [&](scenario& s) {
            s.run([&]() -> awaitable<void> {
                bool failed = false;
                try {
                    co_await rill::sleep(1s);
                } catch (const rill::system_error&) {
                    failed = rill::current_task()->cancelling() == 0;
                    if (!failed)
                        throw;
                }
                if (failed)
                    throw error;
            });
        };
        const std::vector<interruption> kinds{interruption::error};
        return failure_of([&] { testing::at_every_suspension(play, kinds); });
    };
    CHECK(with(std::runtime_error("connection lost")) == "");
    CHECK(contains(with(std::logic_error("released twice")), "released twice"));
}

TEST_CASE("R19: where main waits for what no cancellation reaches, nothing fails")
{
    const std::vector<interruption> error{interruption::error};
    testing::at_every_suspension(
        [](scenario& s) {
            int ended = 0;
            s.run([&]() -> awaitable<void> {
                const auto child = [&]() -> awaitable<void> {
                    co_await rill::sleep(1s);
                    ++ended;
                };
                const auto body = [&](rill::task_group& g) -> awaitable<void> {
                    g.create_task(child);
                    g.create_task(child);
                    co_return;
                };
                co_await rill::with_task_group(body);
            });
            s.require(s.completed() && ended == 2, "the group was left before its children");
        },
        error
    );
}

TEST_CASE("at_every_suspension: a scenario that fails by itself is told from one that breaks")
{
    const auto fails = [](scenario& s) {
        s.run([]() -> awaitable<void> {
            co_await rill::yield();
            throw std::runtime_error("always");
        });
    };
    CHECK(contains(failure_of([&] { testing::at_every_suspension(fails); }), "left alone: always"));
    const auto nothing = [](scenario&) {};
    const std::string text = failure_of([&] { testing::at_every_suspension(nothing); });
    CHECK(contains(text, "does not complete when nothing interrupts it"));
}
