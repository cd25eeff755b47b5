// SPDX-License-Identifier: BSL-1.0
#include "support.hpp"

#include <rill/gather.hpp>
#include <rill/introspect.hpp>
#include <rill/log_capture.hpp>
#include <rill/task.hpp>
#include <rill/wait.hpp>
#include <rill/with.hpp>

#include <doctest/doctest.h>

#include <csignal>
#include <fstream>
#include <string>
#include <thread>

using namespace test;

namespace {

/// A shell whose grandchild holds the output, with the number of that in its first line.
command with_grandchild(const std::string& then)
{
    return rill::shell_command("sleep 1000 & echo $!; " + then)
        .stdin_(rill::null)
        .stdout_(rill::piped);
}

awaitable<stranger> grandchild_of(rill::process& p)
{
    const std::string line = co_await p.stdout_().read_line();
    co_return stranger(std::stoi(line));
}

} // namespace

TEST_CASE("SP-10: process: kill, terminate and signals, and the code is minus the signal")
{
    live().run([]() -> awaitable<void> {
        auto a = co_await rill::create_subprocess_exec(silent_sleeper());
        CHECK(a.terminate());
        CHECK(co_await a.wait() == -SIGTERM);
        auto b = co_await rill::create_subprocess_exec(silent_sleeper());
        CHECK(b.kill());
        CHECK(co_await b.wait() == -SIGKILL);
        auto c = co_await rill::create_subprocess_exec(silent_sleeper());
        CHECK(c.send_signal(SIGUSR1));
        CHECK(co_await c.wait() == -SIGUSR1);
    });
}

TEST_CASE("SP-11: process: signalling an ended process says so, and never hits another one")
{
    live().run([]() -> awaitable<void> {
        auto p = co_await rill::create_subprocess_exec(command("true"));
        co_await p.wait();
        CHECK_FALSE(p.terminate());
        auto unseen = co_await rill::create_subprocess_exec(command("true"));
        co_await stranger(unseen.pid()).ended(); // it is a zombie still
        CHECK_FALSE(unseen.kill());
        CHECK(unseen.returncode() == 0);
        auto running = co_await rill::create_subprocess_exec(silent_sleeper());
        CHECK_THROWS_AS(running.send_signal(1000), rill::system_error);
    });
}

TEST_CASE(
    "SP-12, SP-13, BY-62: process: wait returns at the exit though a grandchild holds the pipe"
)
{
    live().run([]() -> awaitable<void> {
        auto p = co_await rill::create_subprocess_exec(with_grandchild("exec sleep 1000"));
        auto grandchild = co_await grandchild_of(p);
        auto reading = rill::create_task(p.stdout_().read_all());
        p.kill();
        CHECK(co_await p.wait() == -SIGKILL);
        CHECK_FALSE(reading.done()); // somebody may write yet
        co_await p.close();
        reading.cancel();
        co_await rill::wait(std::vector{reading});
        ::kill(-p.pid(), SIGKILL); // its number is not given anew while it has a group
        co_await grandchild.ended();
    });
}

TEST_CASE("SP-14: process: many may wait, also after the exit")
{
    live().run([]() -> awaitable<void> {
        auto p = co_await rill::create_subprocess_exec(silent_sleeper());
        const auto wait = [&]() -> awaitable<int> { co_return co_await p.wait(); };
        std::vector<rill::task<int>> all;
        for (int i = 0; i < 5; ++i)
            all.push_back(rill::create_task(wait));
        co_await rill::yield();
        p.terminate();
        const auto codes = co_await rill::gather(all);
        CHECK(codes == std::vector<int>(5, -SIGTERM));
        CHECK(co_await p.wait() == -SIGTERM);
    });
}

TEST_CASE("SP-15: process: a cancelled wait does not touch the process")
{
    live().run([]() -> awaitable<void> {
        auto p = co_await rill::create_subprocess_exec(silent_sleeper());
        for (int i = 0; i < 2; ++i) {
            CHECK_FALSE(co_await rill::move_on_after(1ms, p.wait()));
            CHECK_FALSE(p.poll());
        }
        p.terminate();
        CHECK(co_await p.wait() == -SIGTERM);
    });
}

TEST_CASE(
    "SP-16, SP-17: process: cancelled while it starts, there is no child and nothing stays open"
)
{
    live().run([]() -> awaitable<void> {
        const std::size_t before = open_descriptors();
        const auto start = []() -> awaitable<void> {
            auto p = co_await rill::create_subprocess_exec(
                silent_sleeper().stdin_(rill::piped).stdout_(rill::piped)
            );
            co_await rill::sleep(1h);
        };
        for (int turns = 0; turns < 4; ++turns) {
            auto starting = rill::create_task(start);
            for (int i = 0; i < turns; ++i)
                co_await rill::yield();
            starting.cancel();
            co_await rill::wait(std::vector{starting});
            CHECK(starting.cancelled());
            CHECK(co_await eventually([&] { return !has_children(); }));
            CHECK(open_descriptors() == before);
        }
    });
}

TEST_CASE("SP-18: process: one that has ended before anybody looks is told once to each")
{
    live().run([]() -> awaitable<void> {
        auto p = co_await rill::create_subprocess_exec(command("true").stdout_(rill::piped));
        co_await stranger(p.pid()).ended();
        CHECK_FALSE(p.returncode());
        CHECK(co_await p.wait() == 0);
        CHECK((co_await p.communicate()).returncode == 0);
    });
}

TEST_CASE("SP-20: process: closing ends a running child, not an ended one, and may be repeated")
{
    live().run([]() -> awaitable<void> {
        auto p = co_await rill::create_subprocess_exec(silent_sleeper());
        co_await p.close();
        CHECK(p.returncode() == -SIGTERM);
        co_await p.close();
        auto ended = co_await rill::create_subprocess_exec(command("sh", "-c", "exit 3"));
        co_await ended.wait();
        co_await ended.close();
        CHECK(ended.returncode() == 3);
    });
}

TEST_CASE("SP-20: process: a running one that is destroyed is killed with its group, and reaped")
{
    live().run([]() -> awaitable<void> {
        std::optional<stranger> grandchild;
        {
            auto p = co_await rill::create_subprocess_exec(
                with_grandchild("trap '' TERM; while :; do sleep 1000; done")
            );
            grandchild = co_await grandchild_of(p);
        }
        co_await grandchild->ended();
        CHECK(co_await eventually([] { return !has_children(); }));
    });
}

TEST_CASE("process: the end of its loop kills and reaps it")
{
    pid_t pid = 0;
    {
        rill::loop loop;
        std::optional<rill::process> p;
        loop.run_until_complete([&]() -> awaitable<void> {
            p.emplace(co_await rill::create_subprocess_exec(stubborn()));
            co_await p->stdout_().read_line();
            pid = p->pid();
        });
        loop.close();
        CHECK_FALSE(has_children());
        CHECK(p->returncode() == -SIGKILL);
        CHECK_FALSE(p->kill());
    }
    CHECK(::kill(pid, 0) != 0);
}

TEST_CASE("SP-26: process: a status that somebody else took is 255 and a warning")
{
    rill::log::capture log;
    live().run([]() -> awaitable<void> {
        auto p = co_await rill::create_subprocess_exec(command("sh", "-c", "exit 3"));
        ::waitpid(p.pid(), nullptr, 0);
        CHECK(co_await p.wait() == 255);
    });
    CHECK_NOTHROW(log.expect("taken by somebody else"));
}

TEST_CASE("SP-27: process: noticing an exit needs no SIGCHLD, and children of others are left alone"
)
{
    sigset_t chld;
    sigset_t mask;
    ::sigemptyset(&chld);
    ::sigaddset(&chld, SIGCHLD);
    ::pthread_sigmask(SIG_BLOCK, &chld, &mask);
    const pid_t foreign = ::fork();
    if (foreign == 0)
        ::_exit(9);
    live().run([]() -> awaitable<void> {
        CHECK((co_await rill::run_process(command("true"))).returncode == 0);
    });
    int status = 0;
    CHECK(::waitpid(foreign, &status, 0) == foreign);
    CHECK(WEXITSTATUS(status) == 9);
    ::pthread_sigmask(SIG_SETMASK, &mask, nullptr);
}

TEST_CASE("BY-60: close: it terminates first, and kills what takes no notice after its grace")
{
    live().run([]() -> awaitable<void> {
        auto p = co_await rill::create_subprocess_exec(stubborn().grace(50ms));
        co_await p.stdout_().read_line();
        co_await p.close();
        CHECK(p.returncode() == -SIGKILL);
        auto polite = co_await rill::create_subprocess_exec(
            rill::shell_command("trap 'exit 5' TERM; echo ready; while :; do sleep 0.01; done")
                .stdin_(rill::null)
                .stdout_(rill::piped)
        );
        co_await polite.stdout_().read_line();
        co_await polite.close();
        CHECK(polite.returncode() == 5);
    });
}

TEST_CASE("BY-61: process: leaving its scope by a cancel or an error leaves no child behind")
{
    live().run([]() -> awaitable<void> {
        std::optional<stranger> grandchild;
        const auto use = [&](rill::process& p) -> awaitable<void> {
            grandchild = co_await grandchild_of(p);
            throw std::runtime_error("lost interest");
        };
        const auto leave = [&]() -> awaitable<void> {
            co_await rill::with(
                co_await rill::create_subprocess_exec(with_grandchild("exec sleep 1000")), use
            );
        };
        CHECK_THROWS_AS(co_await leave(), std::runtime_error);
        CHECK_FALSE(has_children());
        co_await grandchild->ended();

        const auto stay = [&](rill::process& p) -> awaitable<void> {
            grandchild = co_await grandchild_of(p);
            co_await rill::sleep(1h);
        };
        const auto cancelled = [&]() -> awaitable<void> {
            auto p = co_await rill::create_subprocess_exec(with_grandchild("exec sleep 1000"));
            co_await rill::with(std::move(p), stay);
        };
        auto staying = rill::create_task(cancelled);
        CHECK(co_await eventually([&] { return grandchild && has_children(); }));
        staying.cancel();
        co_await rill::wait(std::vector{staying});
        CHECK_FALSE(has_children());
        co_await grandchild->ended();
    });
}

TEST_CASE("BY-60: close: a grandchild is asked to end as the child is, and has time for it")
{
    live().run([]() -> awaitable<void> {
        const scratch folder;
        const std::string answer = folder.file("answer");
        // The signal ends the child's first wait and nothing else; the second one is for its own
        // child's end.
        auto p = co_await rill::create_subprocess_exec(
            rill::shell_command(
                "trap : TERM; (trap 'echo asked > \"$ANSWER\"; exit' TERM; echo ready;"
                " while :; do sleep 0.01; done) & wait; wait"
            )
                .env("ANSWER", answer)
                .stdin_(rill::null)
                .stdout_(rill::piped)
        );
        const std::string ready = co_await p.stdout_().read_line();
        CHECK(ready == "ready\n");
        co_await p.close();
        std::string asked;
        std::getline(std::ifstream(answer), asked);
        CHECK(asked == "asked");
    });
}

TEST_CASE("close: a grandchild is ended too where the child has gone before")
{
    live().run([]() -> awaitable<void> {
        auto p = co_await rill::create_subprocess_exec(with_grandchild("exit 0"));
        auto grandchild = co_await grandchild_of(p);
        co_await stranger(p.pid()).ended();
        co_await p.close();
        CHECK(p.returncode() == 0);
        co_await grandchild.ended();
    });
}

TEST_CASE("detached: it goes on without its object, in a session of its own, and is reaped later")
{
    live().run([]() -> awaitable<void> {
        pid_t pid = 0;
        {
            auto p = co_await rill::create_subprocess_exec(
                silent_sleeper().stdout_(rill::null).stderr_(rill::null).detached()
            );
            pid = p.pid();
            co_await p.close();
        }
        CHECK(::getsid(pid) == pid);
        CHECK(::kill(pid, SIGTERM) == 0);
        co_await stranger(pid).ended();
        CHECK(has_children());
        co_await rill::run_process(command("true"));
        CHECK_FALSE(has_children());
    });
}

TEST_CASE("process: the end of the thread that started it ends it, though its loop is there yet")
{
    rill::loop left;
    std::optional<rill::process> p;
    const auto start = [&]() -> awaitable<void> {
        p.emplace(co_await rill::create_subprocess_exec(silent_sleeper()));
    };
    std::thread([&] { left.run_until_complete(start); }).join();
    live().run([&]() -> awaitable<void> { co_await stranger(p->pid()).ended(); });
    CHECK(p->poll() == -SIGKILL);
}

TEST_CASE("process: what it has used is known once it has ended")
{
    live().run([]() -> awaitable<void> {
        const auto c = rill::shell_command("i=0; while [ $i -lt 20000 ]; do i=$((i + 1)); done");
        auto p = co_await rill::create_subprocess_exec(c);
        CHECK(p.usage().most_resident == 0);
        co_await p.wait();
        CHECK(p.usage().user + p.usage().system > 0s);
        CHECK(p.usage().most_resident > 100'000);
    });
}

TEST_CASE("process: wait takes any token, and tells what it waits for")
{
    live().run([]() -> awaitable<void> {
        auto p = co_await rill::create_subprocess_exec(silent_sleeper());
        std::optional<int> told;
        p.async_wait([&](rill::error_code ec, int code) { told = ec ? 0 : code; });
        auto waiting = rill::create_task([&]() -> awaitable<void> { co_await p.wait(); });
        co_await rill::yield();
        CHECK(contains(rill::describe(waiting).waits_for, "the end of 'sleep 1000' (process "));
        p.terminate();
        co_await std::move(waiting);
        CHECK(told == -SIGTERM);
    });
}
