// SPDX-License-Identifier: BSL-1.0
#include "support.hpp"

#include <doctest/doctest.h>

#include <csignal>

using namespace test;

TEST_CASE("SP-05: process: writing to a dead child ends with an error")
{
    live().run([]() -> awaitable<void> {
        auto p = co_await rill::create_subprocess_exec(command("true").stdin_(rill::piped));
        co_await p.wait();
        const auto write = [&]() -> awaitable<void> {
            for (;;) {
                p.stdin_().write(std::string(64 * 1024, 'x'));
                co_await p.stdin_().drain();
            }
        };
        rill::error_code ec;
        try {
            co_await write();
        } catch (const rill::system_error& e) {
            ec = e.code();
        }
        CHECK(ec == boost::asio::error::broken_pipe);
    });
}

TEST_CASE("SP-05: pipe: a write that waits for room ends with an error too, and without a SIGPIPE")
{
    const auto before = std::signal(SIGPIPE, SIG_DFL); // which would end this program
    live().run([]() -> awaitable<void> {
        auto p = co_await rill::create_subprocess_exec(
            rill::shell_command("read line; exec 0<&-; echo closed; sleep 1000")
                .stdin_(rill::piped)
                .stdout_(rill::piped)
        );
        p.stdin_().write("line\n" + std::string(4 << 20, 'x'));
        CHECK(co_await p.stdout_().read_line() == "closed\n");
        rill::error_code ec;
        try {
            co_await p.stdin_().drain();
        } catch (const rill::system_error& e) {
            ec = e.code();
        }
        CHECK(ec == boost::asio::error::broken_pipe);
    });
    std::signal(SIGPIPE, before);
}

TEST_CASE("pipe: a SIGPIPE that was pending before a write stays pending")
{
    sigset_t pipe;
    sigset_t mask;
    ::sigemptyset(&pipe);
    ::sigaddset(&pipe, SIGPIPE);
    ::pthread_sigmask(SIG_BLOCK, &pipe, &mask);
    ::raise(SIGPIPE);
    live().run([]() -> awaitable<void> {
        auto p = co_await rill::create_subprocess_exec(command("true").stdin_(rill::piped));
        co_await p.wait();
        p.stdin_().write("x");
        CHECK_THROWS(co_await p.stdin_().drain());
    });
    const timespec at_once{};
    CHECK(::sigtimedwait(&pipe, nullptr, &at_once) == SIGPIPE);
    ::pthread_sigmask(SIG_SETMASK, &mask, nullptr);
}

TEST_CASE("SP-08: process: the reader's limit pauses the child")
{
    live().run([]() -> awaitable<void> {
        auto p = co_await rill::create_subprocess_exec(
            rill::shell_command("head -c 4000000 /dev/zero; echo done >&2")
                .stdin_(rill::null)
                .stdout_(rill::piped)
                .stderr_(rill::piped)
                .read_limit(1024)
        );
        co_await p.stdout_().read_exactly(1);
        for (int turn = 0; turn < 1000; ++turn)
            co_await rill::yield();
        CHECK(p.stdout_().buffered().size() <= 2 * 1024);
        CHECK_FALSE(p.poll());
        std::size_t all = 1;
        while (const std::size_t n = (co_await p.stdout_().read_some()).size()) {
            all += n;
            p.stdout_().consume(n);
        }
        CHECK(all == 4000000);
        CHECK(co_await p.stderr_().read_all() == "done\n");
    });
}

TEST_CASE("SP-09: process: output can be read after the process has ended")
{
    live().run([]() -> awaitable<void> {
        auto p =
            co_await rill::create_subprocess_exec(command("echo", "late").stdout_(rill::piped));
        CHECK(co_await p.wait() == 0);
        CHECK_FALSE(has_children());
        CHECK(co_await p.stdout_().read_all() == "late\n");
        CHECK(p.stdout_().at_eof());
    });
}

TEST_CASE("SP-24: process: closing one's reading end breaks the child's pipe")
{
    live().run([]() -> awaitable<void> {
        auto p = co_await rill::create_subprocess_exec(
            command("yes").stdin_(rill::null).stdout_(rill::piped)
        );
        co_await p.stdout_().read_line();
        rill::error_code ignored;
        p.stdout_().stream().close(ignored);
        CHECK(co_await p.wait() == -SIGPIPE);
    });
}

TEST_CASE("SP-23: process: it is there first; data, ends and the exit come once each, in any order")
{
    live().run([]() -> awaitable<void> {
        auto p = co_await rill::create_subprocess_exec(
            rill::shell_command("echo a; echo b >&2; exec >&- ; echo c >&2; exit 5")
                .stdin_(rill::null)
                .stdout_(rill::piped)
                .stderr_(rill::piped)
        );
        CHECK(p.pid() > 0);
        std::string events;
        const auto follow = [&](rill::pipe_reader& from, std::string name) -> awaitable<void> {
            while (auto line = co_await from.next_line())
                events += name;
            events += name + ".";
        };
        const auto watch = [&]() -> awaitable<void> {
            const int status = co_await p.wait();
            events += std::to_string(status);
        };
        co_await rill::gather(follow(p.stdout_(), "o"), follow(p.stderr_(), "e"), watch());
        std::sort(events.begin(), events.end());
        CHECK(events == "..5eeeoo");
    });
}

TEST_CASE("process: a dialogue with bc")
{
    live().run([]() -> awaitable<void> {
        auto p = co_await rill::create_subprocess_exec(
            command("bc", "-q").stdin_(rill::piped).stdout_(rill::piped)
        );
        for (int n = 1; n <= 100; ++n) {
            p.stdin_().write(std::to_string(n) + "^2\n");
            CHECK(co_await p.stdout_().read_line() == std::to_string(n * n) + "\n");
        }
        p.stdin_().close();
        CHECK(co_await p.wait() == 0);
    });
}

TEST_CASE("process: the end of its input can be told without closing the writer")
{
    live().run([]() -> awaitable<void> {
        auto p = co_await rill::create_subprocess_exec(
            command("sort").stdin_(rill::piped).stdout_(rill::piped)
        );
        p.stdin_().write("b\na\n");
        p.stdin_().write_eof();
        CHECK(co_await p.stdout_().read_all() == "a\nb\n");
        CHECK(co_await p.wait() == 0);
    });
}

TEST_CASE("process: a stream that is no pipe is a caller's mistake")
{
    live().run([]() -> awaitable<void> {
        auto p = co_await rill::create_subprocess_exec(command("true").stdin_(rill::null));
        CHECK_THROWS_AS(p.stdin_(), std::logic_error);
        CHECK_THROWS_AS(p.stdout_(), std::logic_error);
        CHECK_THROWS_AS(co_await p.communicate("x"), std::logic_error);
        co_await p.wait();
    });
}
