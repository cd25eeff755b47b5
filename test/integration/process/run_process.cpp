// SPDX-License-Identifier: BSL-1.0
#include "support.hpp"

#include <rill/introspect.hpp>
#include <rill/task.hpp>
#include <rill/wait.hpp>

#include <doctest/doctest.h>

#include <csignal>

using namespace test;

namespace {

/// How it fails; fails if it does not.
template <class Awaitable>
awaitable<rill::process_error> error_of(Awaitable running)
{
    try {
        co_await std::move(running);
    } catch (const rill::process_error& e) {
        co_return e;
    }
    throw std::runtime_error("it has succeeded");
}

} // namespace

TEST_CASE("BY-60: run_process: it captures, and checks the status")
{
    live().run([]() -> awaitable<void> {
        const auto good = co_await rill::run_process(rill::shell_command("echo out; echo err >&2"));
        CHECK(good.stdout_ == "out\n");
        CHECK(good.stderr_ == "err\n");
        const auto bad = rill::shell_command("echo out; echo 'it is broken' >&2; exit 2");
        const auto e = co_await error_of(rill::run_process(bad));
        CHECK(e.code() == rill::process_errc::failed);
        CHECK(
            std::string(e.what()) ==
            "'echo out; echo 'it is broken' >&2; exit 2' ended with status "
            "2: it is broken"
        );
        CHECK(e.process().returncode == 2);
        CHECK(e.process().stdout_ == "out\n");
        const auto unchecked = co_await rill::run_process(command(bad).check(false));
        CHECK(unchecked.returncode == 2);
    });
}

TEST_CASE("run_process: the error has the end of a long standard error, and the signal's name")
{
    live().run([]() -> awaitable<void> {
        const auto e = co_await error_of(rill::run_process(
            rill::shell_command("yes noise | head -10000 >&2; echo reason >&2; kill -SEGV $$")
        ));
        const std::string what = e.what();
        CHECK(contains(what, "was ended by SIGSEGV: …"));
        CHECK(what.ends_with("noise\nreason"));
        CHECK(what.size() < 1200);
        CHECK(e.process().stderr_.size() == 60007);
    });
}

TEST_CASE("run_process: standard input is empty, unless the command says otherwise")
{
    live().run([]() -> awaitable<void> {
        CHECK((co_await rill::run_process(command("cat"))).stdout_.empty());
        const auto c = command("sort").stdin_(rill::from_text("b\na\n"));
        CHECK((co_await rill::run_process(c)).stdout_ == "a\nb\n");
        CHECK((co_await rill::run_process(c)).stdout_ == "a\nb\n"); // a command is a value
    });
}

TEST_CASE("run_process: one whose time is up has ended, with all of its group, and kept its output")
{
    live().run([]() -> awaitable<void> {
        const auto c = rill::shell_command("sleep 1000 & echo $!; sleep 1000");
        const auto e = co_await error_of(rill::run_process(command(c).timeout(100ms)));
        CHECK(e.code() == rill::condition::timed_out);
        CHECK(contains(e.what(), "had not ended in 100ms"));
        CHECK(e.process().returncode == -SIGTERM);
        CHECK_FALSE(has_children());
        co_await stranger(std::stoi(e.process().stdout_)).ended();
    });
}

TEST_CASE("run_process: an output that is too long ends it")
{
    live().run([]() -> awaitable<void> {
        const auto e = co_await error_of(rill::run_process(command("yes").max_output(10'000)));
        CHECK(e.code() == boost::asio::error::message_size);
        CHECK(contains(e.what(), "gave more than 10000 bytes"));
        CHECK(e.process().stdout_.size() <= 10'000);
        CHECK_FALSE(has_children());
    });
}

TEST_CASE("BY-60, BY-61: run_process: cancelled, it terminates, kills after the grace, and reaps")
{
    live().run([]() -> awaitable<void> {
        bool ready = false;
        const auto see = [&](std::string_view) { ready = true; };
        const auto c = stubborn().stdout_(rill::by_line(see)).grace(50ms);
        auto running =
            rill::create_task([&]() -> awaitable<void> { co_await rill::run_process(c); });
        CHECK(co_await eventually([&] { return ready; }));
        running.cancel();
        co_await rill::wait(std::vector{running});
        CHECK(running.cancelled());
        CHECK_FALSE(has_children());
    });
}

TEST_CASE("run_process: a second cancel ends the grace at once")
{
    live().run([]() -> awaitable<void> {
        bool ready = false;
        const auto see = [&](std::string_view) { ready = true; };
        const auto c = stubborn().stdout_(rill::by_line(see)).grace(1h);
        auto running =
            rill::create_task([&]() -> awaitable<void> { co_await rill::run_process(c); });
        CHECK(co_await eventually([&] { return ready; }));
        running.cancel();
        CHECK(co_await eventually([&] {
            return contains(rill::describe(running).waits_for, "the end of");
        }));
        running.cancel();
        co_await rill::wait(std::vector{running});
        CHECK(co_await eventually([] { return !has_children(); }));
    });
}

TEST_CASE("run_pipeline: each reads what the one before it writes")
{
    live().run([]() -> awaitable<void> {
        const auto done = co_await rill::run_pipeline(
            command("seq", "100000"), command("grep", "7"), command("wc", "-l")
        );
        CHECK(done.size() == 3);
        CHECK(done.back().stdout_ == "40951\n");
        const auto one = co_await rill::run_pipeline(command("echo", "alone"));
        CHECK(one.back().stdout_ == "alone\n");
    });
}

TEST_CASE("run_pipeline: input goes to the first, and one that needs no more ends the others well")
{
    live().run([]() -> awaitable<void> {
        const auto sorted = co_await rill::run_pipeline(
            command("cat").stdin_(rill::from_text("b\na\n")), command("sort")
        );
        CHECK(sorted.back().stdout_ == "a\nb\n");
        const auto done = co_await rill::run_pipeline(command("yes"), command("head", "-1"));
        CHECK(done.back().stdout_ == "y\n");
        CHECK(done.front().returncode == -SIGPIPE);
    });
}

TEST_CASE("run_pipeline: the first that fails is the error, and nothing is left")
{
    live().run([]() -> awaitable<void> {
        const auto e = co_await error_of(rill::run_pipeline(
            command("echo", "x"), rill::shell_command("echo bad >&2; exit 3"), command("false")
        ));
        CHECK(std::string(e.what()) == "'echo bad >&2; exit 3' ended with status 3: bad");
        const auto late = co_await error_of(rill::run_pipeline(
            command("sleep", "1000"), command("cat").timeout(50ms), command("cat")
        ));
        CHECK(late.code() == rill::condition::timed_out);
        CHECK_FALSE(has_children());
    });
}

TEST_CASE("run_pipeline: where one does not start, the others are ended")
{
    live().run([]() -> awaitable<void> {
        const std::size_t before = open_descriptors();
        const auto start = []() -> awaitable<void> {
            co_await rill::run_pipeline(command("sleep", "1000"), command("no-such-program"));
        };
        CHECK_THROWS_AS(co_await start(), rill::spawn_error);
        CHECK(co_await eventually([] { return !has_children(); }));
        CHECK(open_descriptors() == before);
    });
}
