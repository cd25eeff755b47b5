// SPDX-License-Identifier: BSL-1.0

// Asio's own ways of a timeout, which ask an initiation for its executor, on operations of Rill's.
#include <rill/broadcast.hpp>
#include <rill/channel.hpp>
#include <rill/concurrent_queue.hpp>
#include <rill/event.hpp>
#include <rill/mutex.hpp>
#include <rill/queue.hpp>
#include <rill/semaphore.hpp>
#include <rill/shared_state.hpp>

#include <boost/asio/cancel_after.hpp>
#include <boost/asio/cancel_at.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <functional>

namespace {

namespace asio = boost::asio;
using namespace std::chrono_literals;

int mistakes = 0;

void check(bool right, const char* what)
{
    if (right)
        return;
    std::fprintf(stderr, "wrong: %s\n", what);
    ++mistakes;
}

/// Whether it ends as cancelled.
asio::awaitable<void> check_cut_off(const char* what, asio::awaitable<void> wait)
{
    bool cancelled = false;
    try {
        co_await std::move(wait);
    } catch (const boost::system::system_error& e) {
        cancelled = e.code() == rill::condition::cancelled;
    }
    check(cancelled, what);
}

template <class Result>
asio::awaitable<void> without_result(asio::awaitable<Result> wait)
{
    co_await std::move(wait);
}

asio::awaitable<void> everything(asio::io_context& io)
{
    const asio::any_io_executor ex = io.get_executor();
    const auto soon = asio::cancel_after(1ms, asio::use_awaitable);

    rill::event event(ex);
    co_await check_cut_off("an event", event.async_wait(soon));
    const auto at = std::chrono::steady_clock::now() + 1ms;
    co_await check_cut_off("until", event.async_wait(asio::cancel_at(at, asio::use_awaitable)));

    rill::queue<int> queue(ex, 1);
    co_await check_cut_off("an empty queue", without_result(queue.async_get(soon)));
    co_await queue.async_put(1, soon);
    co_await check_cut_off("a full queue", queue.async_put(2, soon));
    check(co_await queue.async_get(soon) == 1, "an item that is there is had");

    rill::mutex mutex(ex);
    co_await mutex.async_lock(soon);
    co_await check_cut_off("a locked mutex", mutex.async_lock(soon));
    mutex.unlock();

    rill::semaphore semaphore(ex, 0);
    co_await check_cut_off("a semaphore", semaphore.async_acquire(soon));

    rill::channel<int> channel(ex, 1);
    co_await check_cut_off("a channel", without_result(channel.receiver.async_receive(soon)));

    rill::broadcast<int> broadcast(ex, 1);
    auto subscription = broadcast.subscribe();
    co_await check_cut_off("a broadcast", without_result(subscription.async_receive(soon)));

    rill::concurrent_queue<int> crossing(ex, 1);
    co_await check_cut_off("a concurrent queue", without_result(crossing.async_get(soon)));

    asio::thread_pool pool(1);
    rill::shared_state<int> shared(pool.get_executor(), 1);
    const auto double_it = [](int& value) { return value *= 2; };
    check(co_await shared.async_with(double_it, soon) == 2, "a visit");
}

} // namespace

int main()
{
    asio::io_context io;
    asio::co_spawn(io, everything(io), [](std::exception_ptr error) {
        if (error)
            std::rethrow_exception(error);
    });
    io.run();
    return mistakes == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
