// SPDX-License-Identifier: BSL-1.0
#include "tls.hpp"

#include <rill/event.hpp>
#include <rill/queue.hpp>
#include <rill/semaphore.hpp>
#include <rill/task_group.hpp>
#include <rill/timeout.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/use_future.hpp>
#include <boost/asio/write.hpp>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <exception>
#include <future>
#include <memory>
#include <string>
#include <utility>

namespace asio = boost::asio;
using asio::awaitable;
using asio::use_awaitable;
using asio::ip::tcp;
using namespace std::chrono_literals;

namespace {

bool all_well = true;

void expect(bool condition, const char* what)
{
    if (condition)
        return;
    all_well = false;
    std::fprintf(stderr, "failed: %s\n", what);
}

/// Ends the program's own coroutines as it always has.
void rethrow(std::exception_ptr error)
{
    if (error)
        std::rethrow_exception(error);
}

// A queue between two coroutines of our own.

awaitable<void> read_orders(rill::queue<std::string>& orders)
{
    const std::array<std::string, 3> list{"tea", "coffee", "water"};
    for (const std::string& order : list)
        co_await orders.put(order); // waits while two are on their way
    orders.shutdown();
}

awaitable<void> deliver(rill::queue<std::string>& orders)
{
    std::string delivered;
    try {
        for (;;)
            delivered += co_await orders.async_get(use_awaitable) + ";";
    } catch (const boost::system::system_error& e) {
        expect(e.code() == rill::errc::shut_down, "the queue ends with shut_down");
    }
    expect(delivered == "tea;coffee;water;", "every order is delivered, in order");
}

// A semaphore in a chain of callbacks: at most two downloads at a time.

class downloads {
public:
    explicit downloads(asio::io_context& io)
        : io_(io)
        , slots_(io.get_executor(), 2)
    {}

    void start()
    {
        slots_.async_scoped(1, [this](boost::system::error_code ec, rill::permit slot) {
            if (!ec)
                download(std::move(slot));
        });
    }

    int finished() const { return finished_; }

    int most_at_once() const { return most_; }

private:
    void download(rill::permit slot)
    {
        most_ = std::max(most_, ++running_);
        auto timer = std::make_unique<asio::steady_timer>(io_, 1ms);
        auto& wait = *timer;
        wait.async_wait([this, timer = std::move(timer), slot = std::move(slot)](auto) {
            --running_;
            ++finished_;
        });
    }

    asio::io_context& io_;
    rill::semaphore slots_;
    int running_ = 0;
    int most_ = 0;
    int finished_ = 0;
};

// A time limit around a read from a socket of our own.

awaitable<std::size_t> read_some(tcp::socket& socket)
{
    std::array<char, 64> buffer;
    co_return co_await socket.async_read_some(asio::buffer(buffer), use_awaitable);
}

awaitable<void> read_from_silent_peer(asio::io_context& io)
{
    tcp::acceptor acceptor(io, {asio::ip::address_v4::loopback(), 0});
    tcp::socket socket(io);
    co_await socket.async_connect(acceptor.local_endpoint(), use_awaitable);
    tcp::socket peer = co_await acceptor.async_accept(use_awaitable);
    bool timed_out = false;
    try {
        co_await rill::timeout(5ms, read_some(socket));
    } catch (const rill::timeout_error&) {
        timed_out = true;
    }
    expect(timed_out, "a read from a silent peer times out");
    asio::write(peer, asio::buffer("late", 4));
    expect(co_await read_some(socket) == 4, "the socket is as good as before");
}

// A group of tasks inside a coroutine of our own: all end with it, one failure ends the others.

awaitable<void> sum_of_squares()
{
    int sum = 0;
    co_await rill::with_task_group([&](rill::task_group& group) -> awaitable<void> {
        for (int i = 1; i <= 3; ++i)
            group.create_task([&sum, i]() -> awaitable<void> {
                asio::steady_timer timer(co_await asio::this_coro::executor, 1ms);
                co_await timer.async_wait(use_awaitable);
                sum += i * i;
            });
        co_return;
    });
    expect(sum == 14, "the group waits for its tasks");
}

awaitable<void> tls()
{
    expect(co_await lines_over_tls(), "lines come over TLS as they were sent");
}

} // namespace

int main()
{
    asio::io_context io;

    rill::queue<std::string> orders(io.get_executor(), 2);
    asio::co_spawn(io, read_orders(orders), rethrow);
    asio::co_spawn(io, deliver(orders), rethrow);

    downloads six(io);
    for (int i = 0; i < 6; ++i)
        six.start();

    asio::co_spawn(io, read_from_silent_peer(io), rethrow);
    asio::co_spawn(io, sum_of_squares(), rethrow);
    asio::co_spawn(io, tls(), rethrow);

    rill::event ready(io.get_executor());
    std::future<void> told = ready.async_wait(asio::use_future);
    asio::post(io, [&] { ready.set(); });

    io.run(); // returns when all is done, as ever
    told.get();
    expect(six.finished() == 6, "every download finishes");
    expect(six.most_at_once() == 2, "two at a time");
    return all_well ? 0 : 1;
}
