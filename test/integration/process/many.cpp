// SPDX-License-Identifier: BSL-1.0
#include "support.hpp"

#include <rill/task_group.hpp>

#include <doctest/doctest.h>

#include <filesystem>

using namespace test;

namespace {

std::size_t threads()
{
    std::size_t n = 0;
    for ([[maybe_unused]] const auto& entry :
         std::filesystem::directory_iterator("/proc/self/task"))
        ++n;
    return n;
}

/// Each 50th ends in another way.
awaitable<void> run_one(int number)
{
    const bool fails = number % 50 == 7;
    const auto c = rill::shell_command("echo $N; exit $((N % 50 == 7))")
                       .env("N", std::to_string(number))
                       .check(false);
    const auto done = co_await rill::run_process(c);
    CHECK(done.stdout_ == std::to_string(number) + "\n");
    CHECK(done.returncode == (fails ? 1 : 0));
}

} // namespace

TEST_CASE("R18: 1000 processes, 50 at a time: no descriptor, zombie or thread is left")
{
    live().run([]() -> awaitable<void> {
        const std::size_t descriptors = open_descriptors();
        const std::size_t before = threads();
        const auto all = [](rill::task_group& group) -> awaitable<void> {
            group.limit(50);
            for (int n = 0; n < 1000; ++n)
                group.create_task(run_one(n));
            co_return;
        };
        co_await rill::with_task_group(all);
        CHECK(open_descriptors() == descriptors);
        CHECK(threads() == before);
        CHECK_FALSE(has_children());
    });
}

TEST_CASE("R18: many that are killed, or dropped while they run, leave nothing either")
{
    live().run([]() -> awaitable<void> {
        const std::size_t descriptors = open_descriptors();
        const auto one = [](int n) -> awaitable<void> {
            auto p = co_await rill::create_subprocess_exec(
                command("cat").stdin_(rill::piped).stdout_(rill::piped)
            );
            p.stdin_().write(std::string(100'000, 'x'));
            if (n % 2 == 0)
                co_return;
            p.kill();
            co_await p.wait();
        };
        const auto all = [&](rill::task_group& group) -> awaitable<void> {
            group.limit(20);
            for (int n = 0; n < 100; ++n)
                group.create_task(one, n);
            co_return;
        };
        co_await rill::with_task_group(all);
        CHECK(co_await eventually([] { return !has_children(); }));
        CHECK(open_descriptors() == descriptors);
    });
}

TEST_CASE("R18: a child that ends slowly never holds the loop up")
{
    live().run([]() -> awaitable<void> {
        auto p = co_await rill::create_subprocess_exec(stubborn().grace(100ms));
        co_await p.stdout_().read_line();
        rill::duration longest{};
        bool over = false;
        const auto look = [&]() -> awaitable<void> {
            while (!over) {
                const auto before = rill::clock::now();
                co_await rill::sleep(1ms);
                longest = std::max(longest, rill::clock::now() - before);
            }
        };
        auto looking = rill::create_task(look);
        co_await p.close();
        over = true;
        co_await std::move(looking);
        CHECK(longest < 90ms); // a loop that is held up would sleep for the whole grace
    });
}
