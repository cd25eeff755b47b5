// SPDX-License-Identifier: BSL-1.0
//
// What becomes of loops and signals across fork(): each check that could end a process, or hang it,
// runs in a child, whose exit code says how it went.
#include <support/default_sigint.hpp>

#include <rill/loop.hpp>
#include <rill/loop_thread.hpp>
#include <rill/run.hpp>
#include <rill/shield.hpp>
#include <rill/signals.hpp>
#include <rill/sleep.hpp>

#include <boost/asio/post.hpp>

#include <doctest/doctest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <exception>
#include <functional>
#include <optional>
#include <stdexcept>
#include <string>

namespace {

namespace asio = boost::asio;
using rill::awaitable;
using namespace std::chrono_literals;

/// Runs `f` in a child, which exits with what it returns; 99 if something leaves it.
pid_t start_child(const std::function<int()>& f)
{
    const pid_t child = ::fork();
    if (child != 0)
        return child;
    ::alarm(20); // a child that hangs ends as well
    try {
        ::_exit(f());
    } catch (...) {
        ::_exit(99);
    }
}

/// How it ended, as waitpid says.
int end_of(pid_t child)
{
    int status = 0;
    ::waitpid(child, &status, 0);
    return status;
}

int exit_code(const std::function<int()>& f)
{
    const int status = end_of(start_child(f));
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

awaitable<int> sleep_and_give(int value)
{
    co_await rill::sleep(1ms);
    co_return value;
}

TEST_CASE("LOOP-18: the child of a fork has no running loop and no task, and runs a loop of its own"
)
{
    rill::run([]() -> awaitable<void> {
        const int code = exit_code([] {
            if (rill::current_task())
                return 1;
            try {
                rill::this_loop();
                return 2;
            } catch (const std::logic_error&) {
            }
            return rill::run(sleep_and_give(7));
        });
        CHECK(code == 7);
        CHECK(rill::current_task());
        CHECK(co_await sleep_and_give(8) == 8); // the parent's loop goes on
    });
}

TEST_CASE("LOOP-18: a child starts processes of its own from its own loop")
{
    rill::run([]() -> awaitable<void> {
        const int code = exit_code([] {
            return rill::run([]() -> awaitable<int> { co_return exit_code([] { return 5; }); });
        });
        CHECK(code == 5);
        co_return;
    });
}

TEST_CASE("LOOP-18: after notify_fork the child goes on with the loop that it inherits")
{
    rill::loop loop;
    loop.run_until_complete(sleep_and_give(1));
    loop.notify_fork(rill::asio::execution_context::fork_prepare);
    const int code = exit_code([&] {
        loop.notify_fork(rill::asio::execution_context::fork_child);
        return loop.run_until_complete(sleep_and_give(9));
    });
    loop.notify_fork(rill::asio::execution_context::fork_parent);
    CHECK(code == 9);
    CHECK(loop.run_until_complete(sleep_and_give(2)) == 2);
}

TEST_CASE("LOOP-18: a signal to the child does not reach the parent's handlers")
{
    rill::run([]() -> awaitable<void> {
        using context = rill::asio::execution_context;
        rill::signals taken{SIGUSR1, SIGUSR2};
        auto loop = rill::this_loop();
        loop.notify_fork(context::fork_prepare);
        const pid_t child = start_child([&] {
            loop.notify_fork(context::fork_child);
            std::raise(SIGUSR1);
            return 0;
        });
        loop.notify_fork(context::fork_parent);
        CHECK(end_of(child) == 0);
        std::raise(SIGUSR2);
        CHECK(co_await taken.next() == SIGUSR2); // nothing came before
    });
}

TEST_CASE("LOOP-18, RUN-15: a SIGINT to the child of a fork ends the child, and not main")
{
    const test::default_sigint scope;
    const int answer = rill::run([]() -> awaitable<int> {
        const int status = end_of(start_child([] {
            std::raise(SIGINT);
            return 1;
        }));
        CHECK(WIFSIGNALED(status));
        CHECK(WTERMSIG(status) == SIGINT);
        co_return co_await sleep_and_give(3);
    });
    CHECK(answer == 3);
}

/// A main that takes no notice of a first request to stop.
awaitable<void> deaf(int& requests)
{
    const rill::shield_scope shield;
    for (;; ++requests) {
        std::raise(SIGINT);
        co_await rill::sleep(1ms);
    }
}

TEST_CASE("RUN-15: a second SIGINT ends the process, whatever main does")
{
    const test::default_sigint scope;
    const int status = end_of(start_child([] {
        int requests = 0;
        rill::run(deaf(requests));
        return 1;
    }));
    CHECK(WIFSIGNALED(status));
    CHECK(WTERMSIG(status) == SIGINT);
}

TEST_CASE("RUN-15: an interrupted run has ended everything before it throws")
{
    const test::default_sigint scope;
    CHECK(exit_code([] {
              bool cleaned = false;
              try {
                  rill::run([&]() -> awaitable<void> {
                      rill::create_task([&]() -> awaitable<void> {
                          try {
                              co_await rill::sleep(1h);
                          } catch (const rill::system_error&) {
                              cleaned = true;
                              throw;
                          }
                      });
                      co_await rill::yield();
                      std::raise(SIGINT);
                      co_await rill::sleep(1h);
                  });
              } catch (const rill::interrupted&) {
                  return cleaned ? 6 : 1;
              }
              return 2;
          }) == 6);
}

TEST_CASE("RUN-17: a SIGINT that comes too late for main has its default effect")
{
    const test::default_sigint scope;
    const int status = end_of(start_child([] {
        return rill::run([]() -> awaitable<int> {
            std::raise(SIGINT);
            co_return 1;
        });
    }));
    const bool ended = WIFSIGNALED(status) && WTERMSIG(status) == SIGINT;
    CHECK(ended);
}

TEST_CASE("loop_thread: a child of fork has no such thread, and its destructor leaves all alone")
{
    std::optional<rill::loop_thread> worker(std::in_place);
    const int code = exit_code([&] {
        try {
            worker->stop();
            return 1;
        } catch (const std::logic_error&) {
        }
        worker.reset();
        return 7;
    });
    CHECK(code == 7);
}

TEST_CASE("loop_thread: destroyed in its own thread, it ends the program with a sentence")
{
    const int code = exit_code([] {
        std::set_terminate([] {
            try {
                std::rethrow_exception(std::current_exception());
            } catch (const std::logic_error& e) {
                const std::string what = e.what();
                ::_exit(what.find("its own thread cannot wait for its end") < what.size() ? 7 : 8);
            }
        });
        auto* const worker = new rill::loop_thread;
        asio::post(worker->context(), [worker] { delete worker; });
        for (;;)
            ::pause();
        return 0;
    });
    CHECK(code == 7);
}

} // namespace
