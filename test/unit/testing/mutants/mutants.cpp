// SPDX-License-Identifier: BSL-1.0
//
// Small components with a mistake that real ones have had, and without it. The kit finds each of
// the mistakes, and finds nothing where there is none.
#include "device.hpp"
#include "idle_watch.hpp"
#include "locked_cache.hpp"
#include "mailbox.hpp"
#include "next_unless_stopped.hpp"
#include "pending_calls.hpp"
#include "pipe_writer.hpp"
#include "reply_pool.hpp"
#include "turnstile.hpp"
#include "worker_pool.hpp"
#include <support/failure_of.hpp>

#include <rill/cancel_scope.hpp>
#include <rill/task_group.hpp>
#include <rill/testing/at_every_suspension.hpp>
#include <rill/testing/run.hpp>

#include <doctest/doctest.h>
#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <stdexcept>
#include <string>

namespace {

namespace testing = rill::testing;
using rill::awaitable;
using test::contains;
using test::failure_of;
using testing::scenario;
using namespace std::chrono_literals;

template <bool Broken>
void visit_turnstile()
{
    testing::at_every_suspension([](scenario& s) {
        mutants::turnstile<Broken> turnstile(s.executor(), 1);

        struct stay {
            ~stay() { place.leave(); }

            mutants::turnstile<Broken>& place;
        };

        const auto visit = [&]() -> awaitable<void> {
            co_await turnstile.enter();
            const stay here{turnstile};
            co_await rill::sleep(1s);
        };
        const auto visits = [&](rill::task_group& group) -> awaitable<void> {
            group.create_task(visit);
            group.create_task(visit);
            co_await visit();
        };
        s.run([&]() -> awaitable<void> { co_await rill::with_task_group(visits); });
        s.require(turnstile.free() == 1, "a permit is lost");
    });
}

template <bool Broken>
void ask_twice()
{
    testing::run([]() -> awaitable<void> {
        mutants::reply_pool<Broken> pool(co_await rill::asio::this_coro::executor);
        const auto impatient = [&]() -> awaitable<void> { co_await pool.ask("one"); };
        co_await rill::move_on_after(500ms, impatient);
        const std::string answer = co_await pool.ask("two");
        if (answer != "re: two")
            throw testing::failure("'" + answer + "' is no answer to 'two'");
    });
}

template <bool Broken>
void use_cache()
{
    testing::at_every_suspension([](scenario& s) {
        mutants::locked_cache<Broken> cache(s.executor());
        s.run([&]() -> awaitable<void> {
            for (const int n : {1, 2, 1}) {
                try {
                    const int square = co_await cache.square(n);
                    s.require(square == n * n, "another square");
                } catch (const rill::system_error&) {
                    rill::throw_if_cancelled();
                }
            }
        });
        s.require(!cache.locked(), "the cache stays locked");
    });
}

template <bool Broken>
void read_until_stopped()
{
    testing::explore(50, []() -> awaitable<void> {
        rill::queue<int> items;
        rill::event stop;
        int got = 0;
        const auto read = [&]() -> awaitable<void> {
            while (co_await mutants::next_unless_stopped<Broken>(items, stop))
                ++got;
        };
        const auto all = [&](rill::task_group& group) -> awaitable<void> {
            group.create_task(read);
            for (int i = 0; i < 3; ++i) {
                co_await rill::yield();
                co_await items.put(i);
            }
            stop.set();
        };
        co_await rill::with_task_group(all);
        if (got + items.size() != 3)
            throw testing::failure("an item is lost");
    });
}

template <bool Broken>
void watch_idleness()
{
    testing::run([]() -> awaitable<void> {
        int idle = 0;
        const auto note = [&idle] { ++idle; };
        mutants::idle_watch<Broken> watch(rill::this_loop(), note);
        co_await rill::sleep(59s);
        watch.touch();
        co_await rill::sleep(59s);
        if (idle != 0)
            throw testing::failure("it was not idle");
        co_await rill::sleep(2s);
        if (idle != 1)
            throw testing::failure("it was idle");
        watch.touch();
    });
}

template <bool Broken>
void read_letters()
{
    testing::explore(20, []() -> awaitable<void> {
        mutants::mailbox<Broken> box(co_await rill::asio::this_coro::executor);
        const auto write = [&]() -> awaitable<void> {
            for (int i = 1; i <= 3; ++i) {
                co_await rill::yield();
                box.put(i);
            }
        };
        auto writer = rill::create_task(write, "writer");
        for (int i = 1; i <= 3; ++i)
            if (co_await box.take() != i)
                throw testing::failure("another letter");
        co_await writer;
    });
}

template <bool Broken>
void answer_late()
{
    testing::run([]() -> awaitable<void> {
        mutants::pending_calls<Broken> calls;
        rill::loop loop = rill::this_loop();
        loop.call_later(500ms, [&] { calls.answer(1, 10); });
        loop.call_later(2s, [&] { calls.answer(2, 20); });
        if (co_await calls.call(1) != 10)
            throw testing::failure("another answer");
        bool late = false;
        try {
            co_await calls.call(2);
        } catch (const rill::timeout_error&) {
            late = true;
        }
        if (!late)
            throw testing::failure("the call was to time out");
        co_await rill::sleep(1s);
    });
}

template <bool Broken>
void stop_workers()
{
    testing::run([]() -> awaitable<void> {
        mutants::worker_pool<Broken> pool(co_await rill::asio::this_coro::executor);
        pool.add(2);
        pool.add(1);
        rill::this_loop().call_later(1500ms, [&] { pool.stop(); });
        co_await pool.run();
        if (pool.done() != 2)
            throw testing::failure("a job was not done");
    });
}

/// What can be read from a pipe now.
std::string content_of(int fd)
{
    std::array<char, 100> text{};
    const ssize_t n = ::read(fd, text.data(), text.size());
    return n > 0 ? std::string(text.data(), static_cast<std::size_t>(n)) : std::string();
}

class pipe_ends {
public:
    pipe_ends()
    {
        if (::pipe2(fds_.data(), O_CLOEXEC | O_NONBLOCK) != 0)
            throw std::runtime_error("there is no pipe");
    }

    ~pipe_ends()
    {
        ::close(fds_[0]);
        ::close(fds_[1]);
    }

    pipe_ends(const pipe_ends&) = delete;
    pipe_ends& operator=(const pipe_ends&) = delete;

    int reading() const { return fds_[0]; }

    /// One more descriptor for writing; it has the least number that is free.
    int open_for_writing() const { return ::fcntl(fds_[1], F_DUPFD_CLOEXEC, 0); }

private:
    std::array<int, 2> fds_{};
};

template <bool Broken>
void write_and_close()
{
    testing::explore(20, []() -> awaitable<void> {
        const auto ex = co_await rill::asio::this_coro::executor;
        const pipe_ends first;
        const pipe_ends second;
        mutants::pipe_writer<Broken> log(ex, first.open_for_writing());
        const auto write = [&]() -> awaitable<void> {
            try {
                co_await log.write("for the first\n");
            } catch (const std::runtime_error&) {
                // it was closed before
            }
        };
        auto writer = rill::create_task(write, "writer");
        co_await rill::yield();
        log.close();
        mutants::pipe_writer<Broken> other(ex, second.open_for_writing()); // the same number
        co_await writer;
        co_await other.write("for the second\n");
        const std::string text = content_of(second.reading());
        if (text != "for the second\n")
            throw testing::failure("the second has got: " + text);
    });
}

template <bool Broken>
void use_device()
{
    testing::at_every_suspension([](scenario& s) {
        s.run([]() -> awaitable<void> {
            const auto device = co_await mutants::open_device<Broken>();
            co_await rill::sleep(1s);
        });
    });
}

} // namespace

TEST_CASE("mutant: a permit lost on cancel is found")
{
    CHECK(failure_of(visit_turnstile<false>) == "");
    const std::string text = failure_of(visit_turnstile<true>);
    CHECK(contains(text, "cancelled at point"));
    CHECK(contains(text, "a permit is lost"));
}

TEST_CASE("mutant: reply cross-talk in a pool of connections is found")
{
    CHECK(failure_of(ask_twice<false>) == "");
    CHECK(contains(failure_of(ask_twice<true>), "'re: one' is no answer to 'two'"));
}

TEST_CASE("mutant: a lock leak is found")
{
    CHECK(failure_of(use_cache<false>) == "");
    CHECK(contains(failure_of(use_cache<true>), "the cache stays locked"));
}

TEST_CASE("mutant: an item lost in a race is found")
{
    CHECK(failure_of(read_until_stopped<false>) == "");
    CHECK(contains(failure_of(read_until_stopped<true>), "an item is lost"));
}

TEST_CASE("mutant: a timer leak is found")
{
    CHECK(failure_of(watch_idleness<false>) == "");
    CHECK(contains(failure_of(watch_idleness<true>), "1 timers are armed"));
}

TEST_CASE("mutant: a missed wake-up is found")
{
    CHECK(failure_of(read_letters<false>) == "");
    const std::string text = failure_of(read_letters<true>);
    CHECK(contains(text, "nothing is left that could wake 'main'"));
    CHECK(contains(text, "for an event at mailbox.hpp"));
}

TEST_CASE("mutant: double completion is found")
{
    CHECK(failure_of(answer_late<false>) == "");
    CHECK(contains(failure_of(answer_late<true>), "main left behind:\n  reported: "));
}

TEST_CASE("mutant: a shutdown hang is found")
{
    CHECK(failure_of(stop_workers<false>) == "");
    const std::string text = failure_of(stop_workers<true>);
    CHECK(contains(text, "nothing is left that could wake 'main'"));
    CHECK(contains(text, "for an item of a queue at worker_pool.hpp"));
}

TEST_CASE("mutant: use after close is found")
{
    CHECK(failure_of(write_and_close<false>) == "");
    CHECK(contains(failure_of(write_and_close<true>), "the second has got: for the first"));
}

TEST_CASE("mutant: a leaked descriptor is found")
{
    CHECK(failure_of(use_device<false>) == "");
    const std::string text = failure_of(use_device<true>);
    CHECK(contains(text, "descriptors were left open"));
    CHECK(contains(text, "/dev/null"));
}
