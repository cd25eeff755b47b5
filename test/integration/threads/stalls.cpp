// SPDX-License-Identifier: BSL-1.0
#include <rill/debug.hpp>
#include <rill/loop.hpp>
#include <rill/sleep.hpp>

#include <doctest/doctest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <future>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace {

using namespace std::chrono_literals;
using rill::awaitable;
using rill::clock;
using rill::duration;

// What keeps a loop: each is to be named by its function.

[[gnu::noinline]] void stall_in_sleep(duration d)
{
    std::this_thread::sleep_for(d);
    asm volatile(""); // no tail call, which would not be in the calls
}

[[gnu::noinline]] void stall_at_mutex(duration d)
{
    std::mutex mutex;
    std::promise<void> locked;
    std::thread holder([&] {
        const std::lock_guard lock(mutex);
        locked.set_value();
        std::this_thread::sleep_for(d);
    });
    locked.get_future().wait();
    mutex.lock();
    mutex.unlock();
    holder.join();
}

[[gnu::noinline]] void stall_in_loop(duration d)
{
    for (const auto end = clock::now() + d; clock::now() < end;)
        continue;
    asm volatile("");
}

[[gnu::noinline]] void stall_in_read(duration d)
{
    int pair[2];
    REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0);
    std::thread peer([&] {
        std::this_thread::sleep_for(d);
        CHECK(::write(pair[1], "x", 1) == 1);
    });
    char byte = 0;
    CHECK(::read(pair[0], &byte, 1) == 1);
    peer.join();
    ::close(pair[0]);
    ::close(pair[1]);
}

struct stall {
    std::string_view function;
    void (*keep_the_loop)(duration);
};

constexpr stall kinds[] = {
    {"stall_in_sleep", stall_in_sleep},
    {"stall_at_mutex", stall_at_mutex},
    {"stall_in_loop", stall_in_loop},
    {"stall_in_read", stall_in_read},
};

/// What debug mode reports of a task that stalls once.
std::string reported(const stall& kind, duration lasts)
{
    std::string text;
    rill::loop loop;
    loop.set_exception_handler([&](const rill::exception_context& context) {
        text += context.message + "\n";
    });
    loop.set_debug(rill::debug_options().slow_step(10ms));
    loop.run_until_complete([&]() -> awaitable<void> {
        const auto body = [&]() -> awaitable<void> {
            kind.keep_the_loop(lasts);
            co_return;
        };
        co_await rill::create_task(body, "culprit");
    });
    return text;
}

TEST_CASE("DBG-02: a stall is found with the function that it is in, whatever keeps the loop")
{
    for (const stall& kind : kinds) {
        const std::string text = reported(kind, 200ms);
        CAPTURE(text);
        CHECK(text.starts_with("a step of task 'culprit' took "));
        CHECK(text.find(kind.function) != std::string::npos);
    }
}

TEST_CASE("DBG-02: the time that the machine gives to others does not count")
{
    std::atomic<bool> over = false;
    std::vector<std::thread> busy(2 * std::thread::hardware_concurrency());
    for (std::thread& t : busy)
        t = std::thread([&] {
            while (!over)
                continue;
        });
    std::string found;
    rill::loop loop;
    loop.set_exception_handler([&](const rill::exception_context& context) {
        found += context.message + "\n";
    });
    loop.set_debug(rill::debug_options().slow_step(10ms));
    loop.run_until_complete([&]() -> awaitable<void> {
        for (int step = 0; step < 300; ++step) {
            stall_in_loop(1ms);
            co_await rill::yield();
        }
    });
    over = true;
    for (std::thread& t : busy)
        t.join();
    CHECK(found == "");
}

} // namespace
