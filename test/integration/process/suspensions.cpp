// SPDX-License-Identifier: BSL-1.0
#include "support.hpp"
#include <support/every_suspension.hpp>

#include <rill/extend.hpp>
#include <rill/with.hpp>

#include <doctest/doctest.h>

using namespace test;

namespace {

/// While it lives, the scenario's loop waits in real time for what processes do.
class real_processes {
public:
    explicit real_processes(scenario& s)
        : core_(rill::extend::loop_core::of(s.executor()))
    {
        ++core_.expected_arrivals;
    }

    ~real_processes() { --core_.expected_arrivals; }

    real_processes(const real_processes&) = delete;
    real_processes& operator=(const real_processes&) = delete;

private:
    rill::extend::loop_core& core_;
};

/// Runs `main` in each scenario, and nothing of it may be left when that is over.
template <class F>
std::size_t at_every_suspension_of(F main)
{
    const std::size_t points = test::at_every_suspension([&](scenario& s) {
        s.run([&]() -> awaitable<void> {
            const real_processes real(s);
            co_await main(s);
        });
    });
    CHECK_FALSE(has_children());
    return points;
}

} // namespace

TEST_CASE("R19, SP-16: starting a process and waiting for it, interrupted at every point")
{
    const auto points = at_every_suspension_of([](scenario&) -> awaitable<void> {
        auto p = co_await rill::create_subprocess_exec(
            command("cat").stdin_(rill::piped).stdout_(rill::piped)
        );
        p.stdin_().write("x\n");
        co_await p.stdout_().read_line();
        p.stdin_().close();
        co_await p.wait();
    });
    CHECK(points >= 4);
}

TEST_CASE("R19, SP-28: communicate, interrupted at every point, gives all of it the second time")
{
    const auto points = at_every_suspension_of([](scenario& s) -> awaitable<void> {
        auto p = co_await rill::create_subprocess_exec(rill::shell_command("cat; echo error >&2")
                                                           .stdin_(rill::piped)
                                                           .stdout_(rill::piped)
                                                           .stderr_(rill::piped));
        const std::string input(200'000, 'x');
        std::exception_ptr interrupted;
        try {
            const auto done = co_await p.communicate(input);
            s.require(done.stdout_ == input, "output is lost");
            co_return;
        } catch (...) {
            interrupted = std::current_exception();
        }
        const rill::shield_scope shield;
        const auto rest = co_await p.communicate();
        // Interrupted before its first step, it has not taken the input.
        s.require(rest.stdout_ == input || rest.stdout_.empty(), "output is lost");
        s.require(rest.stderr_ == "error\n", "errors are lost");
        std::rethrow_exception(interrupted);
    });
    CHECK(points >= 6);
}

TEST_CASE("R19, BY-61: run_process, interrupted at every point, leaves no process behind")
{
    const auto points = at_every_suspension_of([](scenario&) -> awaitable<void> {
        co_await rill::run_process(
            rill::shell_command("cat; echo error >&2").stdin_(rill::from_text("input"))
        );
    });
    CHECK(points >= 6);
}

TEST_CASE("R19, BY-61: run_pipeline, interrupted at every point, leaves no process behind")
{
    const auto points = at_every_suspension_of([](scenario&) -> awaitable<void> {
        co_await rill::run_pipeline(command("echo", "a"), command("cat"));
    });
    CHECK(points >= 6);
}

TEST_CASE("R19, BY-61: the scope of a process, interrupted at every point, reaps it")
{
    at_every_suspension_of([](scenario&) -> awaitable<void> {
        const auto use = [](rill::process& p) -> awaitable<void> {
            co_await p.stdout_().read_line();
        };
        auto p = co_await rill::create_subprocess_exec(
            rill::shell_command("echo ready; sleep 1000").stdin_(rill::null).stdout_(rill::piped)
        );
        co_await rill::with(std::move(p), use);
    });
}
