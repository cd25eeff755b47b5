// SPDX-License-Identifier: BSL-1.0
//
// Queues and channels with every completion token. An operation joins by an entry in the list at the
// end.
#include <support/every_token.hpp>

#include <rill/broadcast.hpp>
#include <rill/channel.hpp>
#include <rill/concurrent_queue.hpp>
#include <rill/queue.hpp>
#include <rill/watch.hpp>

#include <utility>

namespace {

namespace asio = boost::asio;

struct queue_put {
    static constexpr const char* name = "basic_queue.hpp async_put";
    rill::queue<int> queue;

    explicit queue_put(asio::io_context& io)
        : queue(io.get_executor(), 1)
    {
        queue.try_put(0);
    }

    auto start(auto&& token) { return queue.async_put(1, std::forward<decltype(token)>(token)); }

    void finish() { queue.try_get(); }
};

struct queue_get {
    static constexpr const char* name = "basic_queue.hpp async_get";
    rill::queue<int> queue;

    explicit queue_get(asio::io_context& io)
        : queue(io.get_executor())
    {}

    auto start(auto&& token) { return queue.async_get(std::forward<decltype(token)>(token)); }

    void finish() { queue.try_put(1); }
};

struct queue_join {
    static constexpr const char* name = "basic_queue.hpp async_join";
    rill::queue<int> queue;

    explicit queue_join(asio::io_context& io)
        : queue(io.get_executor())
    {
        queue.try_put(0);
    }

    auto start(auto&& token) { return queue.async_join(std::forward<decltype(token)>(token)); }

    void finish() { queue.task_done(); }
};

struct priority_put {
    static constexpr const char* name = "basic_queue.hpp async_put";
    rill::priority_queue<int> queue;

    explicit priority_put(asio::io_context& io)
        : queue(io.get_executor(), 1)
    {
        queue.try_put(0);
    }

    auto start(auto&& token) { return queue.async_put(1, std::forward<decltype(token)>(token)); }

    void finish() { queue.try_get(); }
};

struct lifo_get {
    static constexpr const char* name = "basic_queue.hpp async_get";
    rill::lifo_queue<int> queue;

    explicit lifo_get(asio::io_context& io)
        : queue(io.get_executor())
    {}

    auto start(auto&& token) { return queue.async_get(std::forward<decltype(token)>(token)); }

    void finish() { queue.try_put(1); }
};

struct channel_send {
    static constexpr const char* name = "channel.hpp async_send";
    rill::channel<int> channel;

    explicit channel_send(asio::io_context& io)
        : channel(io.get_executor(), 0)
    {}

    auto start(auto&& token)
    {
        return channel.sender.async_send(1, std::forward<decltype(token)>(token));
    }

    void finish()
    {
        channel.receiver.async_receive([](auto&&...) {});
    }
};

struct channel_receive {
    static constexpr const char* name = "channel.hpp async_receive";
    rill::channel<int> channel;

    explicit channel_receive(asio::io_context& io)
        : channel(io.get_executor(), 0)
    {}

    auto start(auto&& token)
    {
        return channel.receiver.async_receive(std::forward<decltype(token)>(token));
    }

    void finish()
    {
        channel.sender.async_send(1, [](auto&&...) {});
    }
};

struct concurrent_put {
    static constexpr const char* name = "concurrent_queue.hpp async_put";
    rill::concurrent_queue<int> queue;

    explicit concurrent_put(asio::io_context& io)
        : queue(io.get_executor(), 1)
    {
        queue.try_put(0);
    }

    auto start(auto&& token) { return queue.async_put(1, std::forward<decltype(token)>(token)); }

    void finish() { queue.try_get(); }
};

struct concurrent_get {
    static constexpr const char* name = "concurrent_queue.hpp async_get";
    rill::concurrent_queue<int> queue;

    explicit concurrent_get(asio::io_context& io)
        : queue(io.get_executor(), 1)
    {}

    auto start(auto&& token) { return queue.async_get(std::forward<decltype(token)>(token)); }

    void finish() { queue.try_put(1); }
};

struct one_subscriber {
    rill::broadcast<int> news;
    rill::subscription<int> reader;

    explicit one_subscriber(asio::io_context& io)
        : news(io.get_executor(), 1, rill::lag_policy::backpressure)
        , reader(news.subscribe())
    {}
};

struct broadcast_send : one_subscriber {
    static constexpr const char* name = "broadcast.hpp async_send";

    explicit broadcast_send(asio::io_context& io)
        : one_subscriber(io)
    {
        news.try_send(0);
    }

    auto start(auto&& token) { return news.async_send(1, std::forward<decltype(token)>(token)); }

    void finish() { reader.try_receive(); }
};

struct broadcast_receive : one_subscriber {
    static constexpr const char* name = "broadcast.hpp async_receive";
    using one_subscriber::one_subscriber;

    auto start(auto&& token) { return reader.async_receive(std::forward<decltype(token)>(token)); }

    void finish() { news.try_send(1); }
};

struct watch_changed {
    static constexpr const char* name = "watch.hpp async_changed";
    rill::watch<int> value;
    rill::watcher<int> watcher;

    explicit watch_changed(asio::io_context& io)
        : value(io.get_executor(), 0)
        , watcher(value.subscribe())
    {}

    auto start(auto&& token) { return watcher.async_changed(std::forward<decltype(token)>(token)); }

    void finish() { value.set(1); }
};

TEST_CASE_TEMPLATE(
    "every token: queues and channels",
    Op,
    queue_put,
    queue_get,
    queue_join,
    priority_put,
    lifo_get,
    channel_send,
    channel_receive,
    concurrent_put,
    concurrent_get,
    broadcast_send,
    broadcast_receive,
    watch_changed
)
{
    test::every_token<Op>();
}

} // namespace
