// SPDX-License-Identifier: BSL-1.0
#include <support/default_sigint.hpp>

#include <rill/context_var.hpp>
#include <rill/detail/loop/loop_core.hpp>
#include <rill/event.hpp>
#include <rill/future.hpp>
#include <rill/generator.hpp>
#include <rill/run.hpp>
#include <rill/runner.hpp>
#include <rill/shield.hpp>
#include <rill/sleep.hpp>
#include <rill/task_group.hpp>
#include <rill/testing/manual_clock.hpp>
#include <rill/to_thread.hpp>

#include <doctest/doctest.h>

#include <atomic>
#include <csignal>
#include <cstdlib>
#include <functional>
#include <future>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace {

using rill::awaitable;
using namespace std::chrono_literals;

awaitable<int> give(int value)
{
    co_return value;
}

/// Waits until it is cancelled, and then notes that.
awaitable<void> until_cancelled(std::vector<std::string>& log, std::string name)
{
    try {
        co_await rill::sleep(1h);
    } catch (const rill::system_error&) {
        log.push_back(std::move(name));
        throw;
    }
}

TEST_CASE("RUN-03: run takes awaitables, callables, tasks and futures, done ones too")
{
    rill::runner runner;
    CHECK(runner.run(give(1)) == 1);
    CHECK(runner.run([] { return give(2); }) == 2);
    const auto ex = runner.get_loop().get_executor();
    CHECK(runner.run(rill::create_task(ex, give(3))) == 3);
    rill::future<int> done(ex);
    done.set_result(4);
    CHECK(runner.run(done) == 4);
    CHECK_THROWS_AS(runner.run(rill::task<int>()), rill::invalid_state);
}

TEST_CASE("RUN-04: a runner inside a running loop is refused, and the coroutine never starts")
{
    bool started = false;
    const auto main = [&]() -> awaitable<void> {
        started = true;
        co_return;
    };
    rill::run([&]() -> awaitable<void> {
        rill::runner inner;
        CHECK_THROWS_AS(inner.run(main), std::logic_error);
        CHECK_THROWS_AS(inner.run(main()), std::logic_error);
        co_await rill::yield();
        CHECK_NOTHROW(rill::this_loop());
    });
    CHECK_FALSE(started);
}

TEST_CASE("RUN-05: leftovers are told why, and so are tasks that come while they end")
{
    std::vector<std::string> reasons;
    const auto note_reason = [&]() -> awaitable<void> {
        try {
            co_await rill::sleep(1h);
        } catch (const rill::system_error&) {
            reasons.push_back(rill::current_task()->reason()->text());
            throw;
        }
    };
    const auto restless = [&]() -> awaitable<void> {
        try {
            co_await rill::sleep(1h);
        } catch (const rill::system_error&) {
            rill::create_task(note_reason(), rill::task_options().eager());
            throw;
        }
    };
    rill::run([&]() -> awaitable<void> {
        rill::create_task(note_reason());
        rill::create_task(restless());
        co_await rill::yield();
    });
    CHECK(reasons == std::vector<std::string>(2, "the loop shuts down"));
}

TEST_CASE("RUN-06: the error of a leftover is reported once, even if its handle lives on")
{
    std::vector<std::string> reported;
    rill::task<> kept;
    const auto leftover = []() -> awaitable<void> {
        try {
            co_await rill::sleep(1h);
        } catch (const rill::system_error&) {
            throw std::runtime_error("late");
        }
    };
    rill::run([&]() -> awaitable<void> {
        rill::this_loop().set_exception_handler([&](const rill::exception_context& c) {
            reported.push_back(to_string(c));
        });
        kept = rill::create_task(leftover(), "kept");
        co_await rill::yield();
    });
    kept = {};
    REQUIRE(reported.size() == 1);
    CHECK(reported[0].find("task 'kept'") != std::string::npos);
}

rill::generator<int> counting(std::vector<std::string>& log)
{
    struct note {
        std::vector<std::string>& log;

        ~note() { log.push_back("generator"); }
    };
    const note n{log};
    for (int i = 0;; ++i)
        co_yield i;
}

TEST_CASE("RUN-07: the order is tasks, shielded work, background, generators, threads, the loop")
{
    std::vector<std::string> log;
    std::optional<rill::generator<int>> numbers;
    std::promise<void> go;
    std::optional<rill::event> shielded_may_end;
    std::promise<void> begun;
    std::atomic<bool> call_ended = false;

    const auto ordinary = [&]() -> awaitable<void> {
        try {
            co_await rill::sleep(1h);
        } catch (const rill::system_error&) {
            log.push_back("task");
            shielded_may_end->set();
            throw;
        }
    };
    const auto shielded = [&]() -> awaitable<void> {
        co_await shielded_may_end->wait();
        co_await rill::create_task(give(1)); // its own tasks are shielded with it
        log.push_back("shielded");
    };
    const auto background = [&]() -> awaitable<void> {
        try {
            co_await until_cancelled(log, "background");
        } catch (const rill::system_error&) {
            go.set_value();
            throw;
        }
    };
    const auto main = [&]() -> awaitable<void> {
        shielded_may_end.emplace();
        rill::create_background_task(background());
        rill::create_task(rill::shield(shielded()));
        rill::create_task(ordinary());
        numbers.emplace(counting(log));
        co_await numbers->next();
        rill::create_task(rill::to_thread([&] {
            begun.set_value(); // from here on it is not taken back
            go.get_future().wait();
            call_ended = true;
        }));
        co_await rill::yield();
        co_await rill::yield();
        co_await rill::yield();
        begun.get_future().wait();
        throw std::runtime_error("main");
    };
    std::optional<rill::loop> view;
    CHECK_THROWS_WITH_AS(
        rill::run([&]() -> awaitable<void> {
            view.emplace(rill::this_loop());
            co_await main();
        }),
        "main",
        std::runtime_error
    );
    CHECK(view->is_closed());
    CHECK(call_ended);
    CHECK(log == std::vector<std::string>{"task", "shielded", "background", "generator"});
}

TEST_CASE("RUN-07: a fatal error during the shutdown is reported, and every later step still runs")
{
    std::vector<std::string> log;
    std::vector<std::string> reported;
    std::optional<rill::generator<int>> numbers;
    std::optional<rill::loop> view;
    const auto fatal = []() -> awaitable<void> {
        try {
            co_await rill::sleep(1h);
        } catch (const rill::system_error&) {
            throw rill::fatal_error("fatal");
        }
    };
    CHECK_THROWS_WITH_AS(
        rill::run([&]() -> awaitable<void> {
            view.emplace(rill::this_loop());
            view->set_exception_handler([&](const rill::exception_context& c) {
                reported.push_back(to_string(c));
            });
            rill::create_task(fatal());
            rill::create_task(until_cancelled(log, "task"));
            rill::create_background_task(until_cancelled(log, "background"));
            numbers.emplace(counting(log));
            co_await numbers->next();
            co_await rill::yield();
            throw rill::fatal_error("main");
        }),
        "main",
        rill::fatal_error
    );
    CHECK(log == std::vector<std::string>{"task", "background", "generator"});
    CHECK(view->is_closed());
    REQUIRE(reported.size() >= 1);
    CHECK(reported[0] == "a fatal error during the shutdown: fatal");
}

TEST_CASE("RUN-07: shielded work is waited for within shield_grace, by the loop's clock")
{
    rill::testing::manual_clock clock;
    const auto start = clock.now();
    std::optional<rill::time_point> cancelled;
    rill::runner_options options;
    options.shield_grace(10s);
    const auto stubborn = [&]() -> awaitable<void> {
        auto& core = rill::detail::loop_core::running();
        try {
            for (;;) {
                co_await rill::yield();
                clock.move_to(clock.now() + 1s);
                core.fire_due();
            }
        } catch (const rill::system_error&) {
            cancelled = clock.now();
            throw;
        }
    };
    rill::runner runner(options);
    auto& core_of_runner = rill::detail::loop_core::of(runner.get_loop().context());
    core_of_runner.set_clock(&clock);
    core_of_runner.set_stride(1); // the end of the grace time is seen between two turns
    bool waiter_ended = false;
    runner.run([&]() -> awaitable<void> {
        rill::create_task([&]() -> awaitable<void> {
            try {
                co_await rill::shield(stubborn());
            } catch (const rill::system_error&) {
                waiter_ended = true;
                throw;
            }
        });
        co_await rill::yield();
    });
    const auto end_of_main = clock.now();
    runner.close();
    CHECK(waiter_ended);
    REQUIRE(cancelled);
    CHECK(*cancelled - end_of_main >= 10s);
    CHECK(*cancelled - end_of_main <= 13s);
    CHECK(*cancelled > start);
}

TEST_CASE("SH-06: shielded work that ends within the grace time is not cancelled by the shutdown")
{
    bool finished = false;
    const auto work = [&]() -> awaitable<void> {
        for (int i = 0; i < 10; ++i)
            co_await rill::yield();
        finished = true;
    };
    rill::run([&]() -> awaitable<void> {
        rill::create_task(rill::shield(work()));
        co_await rill::yield();
        co_await rill::yield();
    });
    CHECK(finished);
}

/// Sets RILL_DEBUG as long as it lives; null takes it away.
class environment {
public:
    explicit environment(const char* value)
    {
        if (const char* before = std::getenv("RILL_DEBUG"))
            before_ = before;
        set(value);
    }

    ~environment() { set(before_ ? before_->c_str() : nullptr); }

private:
    static void set(const char* value)
    {
        if (value)
            ::setenv("RILL_DEBUG", value, 1);
        else
            ::unsetenv("RILL_DEBUG");
    }

    std::optional<std::string> before_;
};

awaitable<bool> in_debug()
{
    co_return rill::this_loop().get_debug();
}

TEST_CASE("RUN-08: debug is on or off as the options say, and follows RILL_DEBUG where they do not")
{
    for (const char* on : {"1", "true", "on", "yes"}) {
        const environment scope(on);
        CHECK(rill::run(in_debug()));
        CHECK_FALSE(rill::run(in_debug(), rill::runner_options().debug(false)));
    }
    for (const char* off : {static_cast<const char*>(nullptr), "", "0", "false"}) {
        const environment scope(off);
        CHECK_FALSE(rill::run(in_debug()));
        CHECK(rill::run(in_debug(), rill::runner_options().debug()));
        CHECK(rill::run(in_debug(), rill::debug));
    }
}

TEST_CASE("RUN-09: a loop factory is called once, and its loop is the one that runs")
{
    int calls = 0;
    rill::asio::io_context* made = nullptr;
    rill::runner_options options;
    options.loop_factory([&] {
        ++calls;
        rill::loop l;
        made = &l.context();
        return l;
    });
    rill::runner runner(options);
    const auto context = []() -> awaitable<rill::asio::io_context*> {
        co_return &rill::this_loop().context();
    };
    CHECK(runner.run(context) == made);
    CHECK(runner.run(context) == made);
    CHECK(calls == 1);
}

TEST_CASE("RUN-09: a loop of the program's own io_context may be given, which outlives the runner")
{
    rill::asio::io_context io;
    CHECK(rill::run(give(1), rill::runner_options().loop_factory([&] {
              return rill::loop(io);
          })) == 1);
    rill::loop again(io);
    CHECK(again.run_until_complete(give(2)) == 2);
}

TEST_CASE("RUN-10, RUN-12: a runner that is never used makes no loop, and can be closed")
{
    bool called = false;
    rill::runner_options options;
    options.loop_factory([&] {
        called = true;
        return rill::loop();
    });
    {
        const rill::runner unused(options);
    }
    rill::runner closed(options);
    closed.close();
    CHECK_FALSE(called);
    rill::runner used(options);
    used.get_loop();
    CHECK(called);
}

TEST_CASE("RUN-11: several runs share a loop, and what one leaves goes on in the next")
{
    rill::runner runner;
    int steps = 0;
    const auto steady = [&]() -> awaitable<void> {
        for (;;) {
            ++steps;
            co_await rill::yield();
        }
    };
    runner.run([&]() -> awaitable<void> {
        rill::create_task(steady());
        co_await rill::yield();
    });
    const int after_first = steps;
    runner.run([]() -> awaitable<void> {
        for (int i = 0; i < 10; ++i)
            co_await rill::yield();
    });
    CHECK(steps > after_first);
}

TEST_CASE("RUN-12: closing twice is harmless; afterwards every use is refused and nothing starts")
{
    rill::runner runner;
    CHECK(runner.run(give(1)) == 1);
    runner.close();
    runner.close();
    const auto held = std::make_shared<int>();
    const auto main = [held]() -> awaitable<void> {
        FAIL("it runs");
        co_return;
    };
    CHECK_THROWS_WITH_AS(runner.run(main), "rill::runner: it is closed", std::logic_error);
    CHECK_THROWS_AS(runner.run(give(1)), std::logic_error);
    CHECK_THROWS_AS(runner.get_loop(), std::logic_error);
    CHECK(held.use_count() == 2);
}

const rill::context_var<int> number("number", 0);

TEST_CASE("RUN-13: variables of one run are seen by the next one, unless a context is given")
{
    const auto set = [](int value) -> awaitable<int> {
        const int before = number.get();
        number.set(value);
        co_return before;
    };
    number.set(7);
    rill::runner runner;
    CHECK(runner.run(set(1)) == 7);
    number.set(8);
    CHECK(runner.run(set(2)) == 1);
    const rill::context other;
    CHECK(runner.run(set(3), other) == 0);
    CHECK(runner.run(set(4), other) == 3);
    CHECK(runner.run([&] { return set(5); }) == 2);
    CHECK(number.get() == 8);
    number.set(0);
}

TEST_CASE("RUN-15: SIGINT cancels main, which is thrown as interrupted once main has cleaned up")
{
    const test::default_sigint scope;
    std::string message;
    const auto main = [&]() -> awaitable<void> {
        std::raise(SIGINT);
        try {
            co_await rill::sleep(1h);
        } catch (const rill::system_error&) {
            message = rill::current_task()->reason()->text();
            throw;
        }
    };
    CHECK_THROWS_AS(rill::run(main), rill::interrupted);
    CHECK(message == "SIGINT");
}

TEST_CASE("RUN-15: a main that takes the SIGINT back gives its result")
{
    const test::default_sigint scope;
    const auto main = []() -> awaitable<int> {
        std::raise(SIGINT);
        try {
            co_await rill::sleep(1h);
        } catch (const rill::system_error&) {
            rill::current_task()->uncancel();
        }
        co_await rill::yield();
        co_return 5;
    };
    CHECK(rill::run(main) == 5);
}

TEST_CASE("RUN-15: main was cancelled by somebody else as well: the outcome is cancelled")
{
    const test::default_sigint scope;
    const auto main = []() -> awaitable<void> {
        const rill::shield_scope until_both_came;
        std::raise(SIGINT);
        while (rill::current_task()->cancelling() < 2)
            co_await rill::yield();
    };
    const auto then_wait = [main]() -> awaitable<void> {
        co_await main();
        co_await rill::sleep(1h);
    };
    rill::runner runner;
    auto t = rill::create_task(runner.get_loop().get_executor(), then_wait);
    runner.get_loop().call_soon([&] { t.cancel("by hand"); });
    try {
        runner.run(t);
        FAIL("it returned");
    } catch (const rill::interrupted&) {
        FAIL("somebody else had asked too");
    } catch (const rill::cancelled_error& e) {
        CHECK(e.message() == "by hand");
    }
}

using signal_action = void (*)(int);

signal_action sigint_action()
{
    struct sigaction present = {};
    ::sigaction(SIGINT, nullptr, &present);
    return present.sa_handler;
}

awaitable<bool> takes_sigint(signal_action before)
{
    co_return sigint_action() != before;
}

TEST_CASE("RUN-17: SIGINT is taken over its default only, on the main thread only, and given back")
{
    const test::default_sigint scope;
    CHECK(rill::run(takes_sigint(SIG_DFL)));
    CHECK((sigint_action() == SIG_DFL));
    CHECK_FALSE(rill::run(takes_sigint(SIG_DFL), rill::runner_options().handle_sigint(false)));
    CHECK_THROWS(rill::run([]() -> awaitable<void> { throw std::runtime_error("main"); }));
    CHECK((sigint_action() == SIG_DFL));

    bool on_other_thread = true;
    std::thread([&] { on_other_thread = rill::run(takes_sigint(SIG_DFL)); }).join();
    CHECK_FALSE(on_other_thread);

    ::signal(SIGINT, SIG_IGN);
    CHECK_FALSE(rill::run(takes_sigint(SIG_IGN)));
    CHECK((sigint_action() == SIG_IGN));
}

TEST_CASE("RUN-17: what a program sets itself while main runs stays")
{
    const test::default_sigint scope;
    const signal_action own = [](int) {};
    rill::run([&]() -> awaitable<void> {
        ::signal(SIGINT, own);
        co_return;
    });
    CHECK((sigint_action() == own));
}

TEST_CASE("RUN-19: calls in threads are waited for within executor_grace, then reported and left")
{
    std::promise<void> go;
    auto gone = std::make_shared<std::promise<void>>();
    auto ended = gone->get_future();
    std::vector<std::string> reported;
    rill::runner runner(rill::runner_options().executor_grace(0s));
    runner.get_loop().set_exception_handler([&](const rill::exception_context& c) {
        reported.push_back(to_string(c));
    });
    runner.run([&]() -> awaitable<void> {
        std::promise<void> begun;
        rill::create_task(rill::to_thread([&begun, &go, gone] {
            begun.set_value();
            go.get_future().wait();
            gone->set_value();
        }));
        co_await rill::yield();
        co_await rill::yield();
        begun.get_future().wait();
    });
    runner.close();
    REQUIRE(reported.size() == 1);
    CHECK(
        reported[0] ==
        "calls on the default executor did not end within 0ns, their threads are left "
        "to themselves"
    );
    go.set_value();
    ended.wait();
}

TEST_CASE("BY-39: background tasks are cancelled after the others, and see them end")
{
    std::vector<std::string> log;
    rill::run([&]() -> awaitable<void> {
        rill::create_background_task(until_cancelled(log, "background"));
        rill::create_task(until_cancelled(log, "task"));
        co_await rill::yield();
    });
    CHECK(log == std::vector<std::string>{"task", "background"});
}

TEST_CASE("BY-39: one that is aborted though nobody told it to stop has failed as well")
{
    const auto aborted = []() -> awaitable<void> {
        co_await rill::yield();
        throw rill::system_error(rill::asio::error::operation_aborted);
    };
    const auto main = [&]() -> awaitable<void> {
        rill::create_background_task(aborted(), "janitor");
        co_await rill::sleep(1h);
    };
    CHECK_THROWS_AS(rill::run(main), rill::fatal_error);
}

TEST_CASE("BY-39: a background task that fails ends the run, and what is left is ended in order")
{
    std::vector<std::string> log;
    const auto failing = []() -> awaitable<void> {
        co_await rill::yield();
        throw std::runtime_error("broken");
    };
    CHECK_THROWS_WITH_AS(
        rill::run([&]() -> awaitable<void> {
            rill::create_background_task(failing(), "janitor");
            co_await until_cancelled(log, "main");
        }),
        "rill: background task 'janitor' failed: broken",
        rill::fatal_error
    );
    CHECK(log == std::vector<std::string>{"main"});
}

TEST_CASE("RUN-07: callbacks of the ends that a shutdown brings about are called")
{
    int called = 0;
    rill::run([&]() -> awaitable<void> {
        for (int i = 0; i < 1000; ++i)
            rill::create_task(rill::sleep(std::chrono::hours(1))).add_done_callback([&] {
                ++called;
            });
        co_await rill::yield();
    });
    CHECK(called == 1000);
}

} // namespace
