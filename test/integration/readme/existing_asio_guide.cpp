// SPDX-License-Identifier: BSL-1.0
//
// Runs what framework/core/EXISTING-ASIO.md shows.
#include "existing_asio_guide.hpp"

#include <doctest/doctest.h>

#include <vector>

namespace {

/// Runs a coroutine on an io_context of its own, and gives its result.
template <class T>
T run(asio::io_context& io, awaitable<T> body)
{
    auto result = asio::co_spawn(io, std::move(body), asio::use_future);
    io.run();
    return result.get();
}

TEST_CASE("existing Asio guide: a queue, an event, a semaphore")
{
    asio::io_context io;
    CHECK(through_a_queue() == 6);
    CHECK(wait_for_connection() == "first second");
    CHECK(at_most_two(io) == 2);
}

TEST_CASE("existing Asio guide: a time limit around a read, and lines")
{
    asio::io_context io;
    tcp::acceptor acceptor(io, {asio::ip::address_v4::loopback(), 0});
    tcp::socket client(io);
    client.connect(acceptor.local_endpoint());
    tcp::socket server = acceptor.accept();
    CHECK(run(io, read_within(client, 1ms)) == "nothing came");
    asio::co_spawn(io, shout_back(std::move(server)), asio::detached);
    asio::write(client, asio::buffer("hello\n", 6));
    const auto ask = [&]() -> awaitable<std::string> {
        std::string answer = co_await read_within(client, 10s);
        client.close();
        co_return answer;
    };
    io.restart();
    CHECK(run(io, ask()) == "you said: hello\n");
}

TEST_CASE("existing Asio guide: stop and run_one, debug mode, limits of time from callbacks")
{
    CHECK(stopped_and_gone_on() == 5050);
    CHECK(found_by_debug_mode().find("mutex") != std::string::npos);

    asio::io_context io;
    rill::queue<int> numbers(io.get_executor(), 1);
    CHECK(limited_by_callback(io, numbers) == "nothing came");
    numbers.try_put(7);
    io.restart();
    CHECK(limited_by_callback(io, numbers) == "7");
    io.restart();
    CHECK(limited_by_slot(io, numbers) == asio::error::operation_aborted);
    numbers.try_put(8);
    io.restart();
    CHECK_FALSE(limited_by_slot(io, numbers));
}

TEST_CASE("existing Asio guide: a loop beside a pool of threads")
{
    CHECK(served_by_a_pool() == 9);
}

TEST_CASE("existing Asio guide: a helper's body runs on the strand of its coroutine, a group's "
          "children on none")
{
    asio::io_context io;
    auto strand = asio::make_strand(io);
    std::vector<bool> on_strand;
    const auto look = [&]() -> awaitable<void> {
        on_strand.push_back(strand.running_in_this_thread());
        co_return;
    };
    const auto main = [&]() -> awaitable<void> {
        co_await look();
        co_await rill::timeout(1s, look);
        co_await rill::with_task_group([&](rill::task_group& g) -> awaitable<void> {
            g.create_task(look);
            co_await look();
        });
        co_await look();
    };
    asio::co_spawn(strand, main(), asio::detached);
    io.run();
    CHECK(on_strand == std::vector<bool>{true, true, true, false, true});
}

TEST_CASE("existing Asio guide: a group, a mutex, and what crosses threads")
{
    asio::io_context io;
    CHECK(run(io, fetch_all()) == 6);

    asio::io_context loop;
    rill::mutex mutex(loop.get_executor());
    std::map<std::string, int> prices{{"tea", 2}};
    run(loop, reload(mutex, prices));
    CHECK(prices.at("tea") == 3);

    asio::thread_pool pool(2);
    rill::shared_state<std::map<std::string, int>> stock(pool.get_executor());
    loop.restart();
    CHECK(run(loop, sell(stock)) == -1);
    pool.join();

    CHECK(from_a_thread() == 5050);
}

} // namespace
