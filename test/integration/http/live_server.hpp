// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/http/router.hpp>
#include <rill/http/server.hpp>
#include <rill/loop.hpp>
#include <rill/stream.hpp>
#include <rill/task.hpp>

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <atomic>
#include <exception>
#include <future>
#include <thread>
#include <type_traits>
#include <utility>

namespace test {

/// An HTTP server on a loop and a thread of its own, on a free port of 127.0.0.1.
class live_server {
public:
    explicit live_server(rill::http::handler h, rill::http::settings l = {})
        : http_(std::move(h), l)
    {
        std::promise<unsigned short> port;
        auto known = port.get_future();
        thread_ = std::thread([this, &port] { run(port); });
        port_ = known.get();
    }

    ~live_server()
    {
        call([this] { accepting_.cancel(); });
        thread_.join();
    }

    live_server(const live_server&) = delete;

    unsigned short port() const { return port_; }

    /// Errors that reached the loop's exception handler.
    int reported() const { return reported_; }

    /// Runs `f()` on the loop's thread and gives what it returns.
    template <class F>
    std::invoke_result_t<F> call(F f)
    {
        std::promise<decltype(f())> result;
        auto answer = result.get_future();
        loop_.call_soon_threadsafe([&] {
            if constexpr (std::is_void_v<decltype(f())>) {
                f();
                result.set_value();
            } else {
                result.set_value(f());
            }
        });
        return answer.get();
    }

    std::size_t connections()
    {
        return call([this] { return http_.connections(); });
    }

    /// Returns once so many connections are being served; it looks at each turn of the loop.
    void wait_for_connections(std::size_t count)
    {
        while (connections() != count)
            continue;
    }

    rill::http::server& http() { return http_; }

private:
    using tcp = boost::asio::ip::tcp;
    using executor = boost::asio::io_context::executor_type;

    void run(std::promise<unsigned short>& port)
    {
        loop_.set_exception_handler([this](const rill::exception_context&) { ++reported_; });
        accepting_ = rill::create_task(loop_.get_executor(), accept(port));
        try {
            loop_.run_until_complete(accepting_);
        } catch (const boost::system::system_error&) {
        }
        loop_.cancel_all_tasks();
    }

    rill::awaitable<void> accept(std::promise<unsigned short>& port)
    {
        const tcp::endpoint any(boost::asio::ip::address_v4::loopback(), 0);
        boost::asio::basic_socket_acceptor<tcp, executor> acceptor(loop_.context(), any);
        port.set_value(acceptor.local_endpoint().port());
        while (true) {
            boost::asio::basic_stream_socket<tcp, executor> peer(loop_.context());
            co_await acceptor.async_accept(peer, boost::asio::use_awaitable);
            rill::stream stream{rill::stream_socket(std::move(peer))};
            rill::create_task(http_.serve(std::move(stream)));
        }
    }

    rill::loop loop_;
    rill::http::server http_;
    rill::task<> accepting_;
    std::thread thread_;
    unsigned short port_ = 0;
    std::atomic<int> reported_ = 0;
};

} // namespace test
