// SPDX-License-Identifier: BSL-1.0
#include "support.hpp"

#include <doctest/doctest.h>

#include <csignal>

using namespace test;

TEST_CASE("R18: children die with a program that is killed with SIGKILL")
{
    live().run([]() -> awaitable<void> {
        auto owner = co_await rill::create_subprocess_exec(
            command(OWNER_PROGRAM).stdin_(rill::null).stdout_(rill::piped)
        );
        const std::string line = co_await owner.stdout_().read_line();
        stranger child(std::stoi(line));
        owner.kill();
        CHECK(co_await owner.wait() == -SIGKILL);
        co_await child.ended();
    });
}

TEST_CASE("R18: a child that is detached goes on")
{
    live().run([]() -> awaitable<void> {
        auto owner = co_await rill::create_subprocess_exec(
            command(OWNER_PROGRAM, "detached").stdin_(rill::null).stdout_(rill::piped)
        );
        const std::string line = co_await owner.stdout_().read_line();
        const pid_t pid = std::stoi(line);
        owner.kill();
        co_await owner.wait();
        CHECK(::kill(pid, 0) == 0);
        stranger child(pid);
        ::kill(pid, SIGKILL);
        co_await child.ended();
    });
}

TEST_CASE("R18: a program that is interrupted ends its children on its way out")
{
    live().run([]() -> awaitable<void> {
        auto owner = co_await rill::create_subprocess_exec(
            command(OWNER_PROGRAM).stdin_(rill::null).stdout_(rill::piped).stderr_(rill::null)
        );
        const std::string line = co_await owner.stdout_().read_line();
        stranger child(std::stoi(line));
        owner.send_signal(SIGINT);
        co_await owner.wait();
        co_await child.ended();
    });
}
