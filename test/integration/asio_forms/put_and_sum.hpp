// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/queue.hpp>
#include <rill/sleep.hpp>
#include <rill/timeout.hpp>

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <chrono>

/// The same work for both forms: timers, sockets, queues and exceptions across their border.
inline rill::awaitable<int> put_and_sum_body(rill::queue<int>& out, rill::queue<int>& in)
{
    using boost::asio::ip::tcp;
    tcp::acceptor acceptor(co_await boost::asio::this_coro::executor, {tcp::v4(), 0});
    bool timed_out = false;
    try {
        co_await rill::timeout(std::chrono::milliseconds(1), [&]() -> rill::awaitable<void> {
            co_await acceptor.async_accept(boost::asio::use_awaitable);
        });
    } catch (const rill::timeout_error&) {
        timed_out = true;
    }
    int sum = timed_out ? 1000 : 0;
    for (int i = 1; i <= 10; ++i) {
        co_await out.put(i);
        co_await rill::sleep(std::chrono::microseconds(100));
        sum += co_await in.get();
    }
    co_return sum;
}
