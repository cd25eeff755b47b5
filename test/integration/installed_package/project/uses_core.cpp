// SPDX-License-Identifier: BSL-1.0

// An Asio program of its own, which uses one of Rill's queues with co_spawn and with a callback.
#include <rill/queue.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include <exception>

namespace asio = boost::asio;

#ifdef BOOST_ASIO_SEPARATE_COMPILATION
#error "rill::core must not change the form of the program's Asio"
#endif

namespace {

asio::awaitable<void> produce(rill::queue<int>& queue)
{
    for (int i = 1; i <= 3; ++i)
        co_await queue.put(i);
}

} // namespace

int main()
{
    asio::io_context io;
    rill::queue<int> queue(io.get_executor(), 1);
    int sum = 0;
    for (int i = 0; i < 3; ++i) {
        queue.async_get([&sum](boost::system::error_code ec, int item) {
            if (!ec)
                sum += item;
        });
    }
    asio::co_spawn(io, produce(queue), [](std::exception_ptr error) {
        if (error)
            std::rethrow_exception(error);
    });
    io.run();
    return sum == 6 ? 0 : 1;
}
