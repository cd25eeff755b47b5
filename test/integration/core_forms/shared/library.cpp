// SPDX-License-Identifier: BSL-1.0

// Both libraries are compiled from this file, with a LIBRARY each: first_library, second_library.
#include "library.hpp"

#include <rill/context_var.hpp>
#include <rill/queue.hpp>
#include <rill/sleep.hpp>
#include <rill/task.hpp>
#include <rill/timeout.hpp>

#include <boost/asio/co_spawn.hpp>

#include <chrono>
#include <exception>
#include <memory>
#include <string>

using namespace std::chrono_literals;
namespace asio = boost::asio;

struct offer {
    const void* (*loop_of)(asio::io_context& io);
    std::unique_ptr<rill::queue<int>> (*make_queue)(const asio::any_io_executor& ex);
    rill::task<void> (*fill)(rill::queue<int>& numbers);
    rill::awaitable<int> (*take)(rill::queue<int>& numbers);
    rill::awaitable<std::string> (*task_name)();
    rill::awaitable<void> (*time_out)();
    int (*variable)();
};

namespace {

rill::context_var<int> variable("of a library", 0);

const void* loop_of(asio::io_context& io)
{
    return &rill::detail::loop_core::of(io);
}

std::unique_ptr<rill::queue<int>> make_queue(const asio::any_io_executor& ex)
{
    return std::make_unique<rill::queue<int>>(ex, 1);
}

rill::task<void> fill(rill::queue<int>& numbers)
{
    return rill::create_task([&numbers]() -> rill::awaitable<void> {
        for (int i = 1; i <= 10; ++i)
            co_await numbers.put(i);
        numbers.shutdown();
    });
}

rill::awaitable<int> take(rill::queue<int>& numbers)
{
    co_return co_await numbers.get();
}

rill::awaitable<std::string> task_name()
{
    co_await rill::yield();
    co_return rill::current_task()->name();
}

rill::awaitable<void> time_out()
{
    co_await rill::timeout(1ms, rill::sleep(1h));
}

int read_variable()
{
    return variable.get();
}

const offer mine{loop_of, make_queue, fill, take, task_name, time_out, read_variable};

// What the one does with the other

/// Our task waits in a queue of the other's, which another task of the other's fills.
rill::awaitable<void> exchange(const offer& other, std::string& wrong)
{
    const auto numbers = other.make_queue(co_await asio::this_coro::executor);
    const auto filling = other.fill(*numbers);
    int sum = 0;
    try {
        for (;;)
            sum += co_await other.take(*numbers);
    } catch (const rill::system_error& error) {
        if (error.code() != rill::errc::shut_down)
            wrong += "the end of a queue has another code; ";
    }
    co_await filling;
    if (sum != 55)
        wrong += "numbers were lost; ";
}

/// A time limit of ours around a wait of the other's, and one of its own that it does not catch.
rill::awaitable<void> limit(const offer& other, std::string& wrong)
{
    const auto numbers = other.make_queue(co_await asio::this_coro::executor);
    try {
        co_await rill::timeout(1ms, other.take(*numbers));
        wrong += "our time limit did not end the other's wait; ";
    } catch (const rill::timeout_error&) {
    }
    try {
        co_await other.time_out();
        wrong += "the other's time limit was not seen; ";
    } catch (const rill::timeout_error&) {
    }
}

rill::awaitable<void> cancel(const offer& other, std::string& wrong)
{
    const auto numbers = other.make_queue(co_await asio::this_coro::executor);
    co_await numbers->put(0);
    auto filling = other.fill(*numbers);
    co_await rill::sleep(1ms);
    filling.cancel();
    try {
        co_await filling;
        wrong += "the other's task was not cancelled; ";
    } catch (const rill::cancelled_error&) {
    }
}

/// What the other one knows of the task that it is called in.
rill::awaitable<void> look(const offer& other, std::string& wrong)
{
    const auto name = rill::current_task()->name();
    if (co_await other.task_name() != name)
        wrong += "the other does not know which task runs; ";
    variable.set(1);
    if (other.variable() != 0)
        wrong += "variables of both have one number; ";
}

rill::awaitable<void> all_of_it(const offer& other, std::string& wrong)
{
    co_await exchange(other, wrong);
    co_await limit(other, wrong);
    co_await cancel(other, wrong);
    co_await rill::create_task(look(other, wrong), "ours");
}

std::string meet(asio::io_context& io, const offer& other)
{
    std::string wrong;
    try {
        if (loop_of(io) != other.loop_of(io))
            return "each has a loop of its own; ";
        const auto all = rill::create_task(io.get_executor(), all_of_it(other, wrong), "all of it");
        io.run();
        all.result();
    } catch (const std::exception& error) {
        wrong += error.what();
    }
    io.restart();
    return wrong;
}

const library table{mine, meet};

} // namespace

const library* LIBRARY()
{
    return &table;
}
