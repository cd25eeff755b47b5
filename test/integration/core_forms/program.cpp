// SPDX-License-Identifier: BSL-1.0

// A program with an io_context and coroutines of its own beside a queue, a timeout and a task of
// Rill's. CMakeLists.txt builds it in each form that core has, and with each form of Asio.
#include <boost/asio/awaitable.hpp>
#include <boost/asio/this_coro.hpp>

#ifndef RILL_COROUTINE_PLACES
/// A coroutine of Asio's that comes before the first header of Rill's.
boost::asio::awaitable<int> before_the_headers(int value)
{
    co_await boost::asio::this_coro::executor;
    co_return value;
}
#endif

#include "part.hpp"

#include <rill/loop_thread.hpp>
#include <rill/run_on.hpp>
#include <rill/sleep.hpp>
#include <rill/task.hpp>
#include <rill/timeout.hpp>

#include <boost/asio/bind_executor.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <chrono>
#include <coroutine>
#include <cstdio>
#include <exception>
#include <type_traits>
#include <utility>

namespace {

namespace asio = boost::asio;

using promise_of_asio = asio::detail::awaitable_frame<int, asio::any_io_executor>;
using promise = std::coroutine_traits<asio::awaitable<int>, int>::promise_type;

#ifdef RILL_COROUTINE_PLACES
asio::awaitable<int> before_the_headers(int value)
{
    co_return value;
}

static_assert(std::is_base_of_v<promise_of_asio, promise> && !std::is_same_v<promise_of_asio, promise>);
#else
static_assert(std::is_same_v<promise_of_asio, promise>, "a program's coroutines stay Asio's own");
#endif

/// An operation of the program's own that has a member of the name that Rill's have.
struct own_operation {
    struct awaiter {};

    asio::any_io_executor ex;

    template <asio::completion_token_for<void()> Token>
    auto operator()(Token&& token) const
    {
        return asio::post(ex, std::forward<Token>(token));
    }
};

/// Timers, sockets, queues, exceptions and tasks, beside coroutines of either kind.
asio::awaitable<int> everything()
{
    using asio::ip::tcp;
    const asio::any_io_executor ex = co_await asio::this_coro::executor;
    int sum = co_await before_the_headers(1);
    own_operation own{ex};
    co_await std::move(own);
    tcp::acceptor acceptor(ex, {asio::ip::address_v4::loopback(), 0});
    try {
        co_await rill::timeout(std::chrono::milliseconds(1), [&]() -> asio::awaitable<void> {
            co_await acceptor.async_accept(asio::use_awaitable);
        });
    } catch (const rill::timeout_error&) {
        sum += 1000;
    }
    rill::queue<int> numbers(ex, 1);
    const auto doubling = rill::create_task(ex, [&]() -> asio::awaitable<int> {
        co_return 2 * co_await sum_of(numbers, 10);
    });
    for (int i = 1; i <= 10; ++i) {
        co_await numbers.put(i);
        co_await rill::sleep(std::chrono::microseconds(10));
    }
    rill::loop_thread worker;
    auto on_strand = asio::bind_executor(asio::make_strand(ex), asio::use_awaitable);
    sum += co_await rill::async_run_on(worker, before_the_headers(10000), std::move(on_strand));
    co_return sum + co_await doubling;
}

} // namespace

int main()
{
    asio::io_context io;
    int result = 0;
    asio::co_spawn(io, everything(), [&](std::exception_ptr error, int value) {
        if (error)
            std::rethrow_exception(error);
        result = value;
    });
    io.run();
    std::printf("%d\n", result);
    return result == 11111 ? 0 : 1;
}
