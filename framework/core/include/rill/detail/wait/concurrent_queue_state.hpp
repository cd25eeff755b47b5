// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/concurrent_queue.hpp>
#include <rill/detail/wait/inline_executor.hpp>
#include <rill/detail/wait/waiting_transfer.hpp>

#include <boost/asio/experimental/concurrent_channel.hpp>

#include <algorithm>
#include <mutex>
#include <vector>

namespace rill::RILL_FORM::detail {

/// A channel in a context of its own, and who waits to put.
///
/// Asio's channel takes whoever waits for a getter once it is closed, on all releases seen (1.83 to
/// 1.88): a put that is cancelled after that is told that it succeeded. So close() ends the waiting
/// puts first, through their own signals, and closes the channel while no new one can begin to
/// wait.
template <class T>
class concurrent_queue_state : public std::enable_shared_from_this<concurrent_queue_state<T>> {
    using waiting_ptr = std::shared_ptr<waiting_transfer<T>>;
    using traits = asio::experimental::channel_traits<>;
    using channel_type = asio::experimental::
        basic_concurrent_channel<inline_executor, traits, void(error_code, sent_item<T>)>;

public:
    concurrent_queue_state(const asio::any_io_executor& ex, std::size_t most)
        : executor(ex)
        , capacity(most)
        , channel_(inline_executor(context_), most)
    {}

    bool try_put(T& value)
    {
        if (!channel_.try_send(error_code(), std::move(value)))
            return false;
        put_.fetch_add(1, std::memory_order_relaxed);
        return true;
    }

    std::optional<T> try_get()
    {
        std::optional<T> item;
        channel_.try_receive([&item](error_code, sent_item<T> p) { p.unpack_to(item); });
        if (item)
            got_.fetch_add(1, std::memory_order_relaxed);
        return item;
    }

    /// From here it waits, unless it is over at once.
    void start_put(const waiting_ptr& put)
    {
        const std::lock_guard lock(mutex_);
        if (const error_code why = closed_because()) {
            put->end(why);
            return;
        }
        remember(put);
        ++putters_;
        channel_.async_send(error_code(), sent_item<T>(put), send_end(this, put));
    }

    void start_get(const waiting_ptr& get)
    {
        ++getters_;
        channel_.async_receive(receive_end(this, get));
    }

    void close(error_code why)
    {
        std::vector<waiting_ptr> waiting; // destroyed outside of the lock
        const std::lock_guard lock(mutex_);
        if (why != errc::shut_down)
            reason_ = gone;
        else if (reason_ == open)
            reason_ = shut_down;
        for (const auto& put : std::exchange(waiting_puts_, {}))
            waiting.push_back(put.lock());
        for (const waiting_ptr& put : waiting)
            if (put)
                refuse(*put);
        channel_.close();
    }

    bool is_closed() const noexcept { return reason_.load(std::memory_order_relaxed) != open; }

    std::size_t size() const noexcept
    {
        const std::uint64_t got = got_.load(std::memory_order_relaxed);
        const std::uint64_t put = put_.load(std::memory_order_relaxed);
        return put > got ? static_cast<std::size_t>(put - got) : 0;
    }

    concurrent_queue_statistics statistics() const noexcept
    {
        return {size(), put_, got_, getters_, putters_, capacity};
    }

    std::string description() const
    {
        return name.empty() ? "a concurrent queue" : "concurrent queue '" + name + "'";
    }

    const asio::any_io_executor executor;
    const std::size_t capacity;
    std::string name;

private:
    enum reason : std::uint8_t { open, shut_down, gone };

    /// What the channel calls at the end of an operation, in any thread and with its lock held.
    /// Without an executor of its own, it is called through the inline_executor.
    class operation_end {
    public:
        using cancellation_slot_type = asio::cancellation_slot;

        operation_end(concurrent_queue_state* at, waiting_ptr waiting) noexcept
            : point(at)
            , who(std::move(waiting))
        {}

        cancellation_slot_type get_cancellation_slot() const noexcept { return who->stop_.slot(); }

    protected:
        concurrent_queue_state* point; // the channel that calls is in it
        waiting_ptr who;
    };

    class send_end : public operation_end {
    public:
        using operation_end::operation_end;

        void operator()(error_code ec)
        {
            --this->point->putters_;
            if (!ec)
                this->point->put_.fetch_add(1, std::memory_order_relaxed);
            this->who->end(this->point->error_of(ec, *this->who));
        }
    };

    class receive_end : public operation_end {
    public:
        using operation_end::operation_end;

        void operator()(error_code ec, sent_item<T> p)
        {
            --this->point->getters_;
            if (!ec) {
                p.unpack_to(this->who->item);
                this->point->got_.fetch_add(1, std::memory_order_relaxed);
            }
            this->who->end(this->point->error_of(ec, *this->who));
        }
    };

    error_code closed_because() const noexcept
    {
        switch (reason_.load()) {
        case open: return {};
        case shut_down: return errc::shut_down;
        case gone: break;
        }
        return aborted();
    }

    error_code error_of(error_code ec, const waiting_transfer<T>& who) const noexcept
    {
        if (!ec)
            return {};
        const bool by_close = ec == asio::experimental::error::channel_closed || who.refused_;
        return by_close ? closed_because() : aborted();
    }

    static void refuse(waiting_transfer<T>& put)
    {
        put.refused_ = true;
        put.stop_.emit(asio::cancellation_type::total);
    }

    /// Those that are over stay in the list until it has doubled: they end under other locks.
    void remember(const waiting_ptr& put)
    {
        if (waiting_puts_.size() >= tidy_at_) {
            std::erase_if(waiting_puts_, [](const auto& p) { return p.expired(); });
            tidy_at_ = std::max<std::size_t>(16, 2 * waiting_puts_.size());
        }
        waiting_puts_.push_back(put);
    }

    asio::execution_context context_; // nothing runs in it: the channel's service lives there
    channel_type channel_;
    std::mutex mutex_; // of those that wait to put; taken before the channel's, never after
    std::vector<std::weak_ptr<waiting_transfer<T>>> waiting_puts_;
    std::size_t tidy_at_ = 16;
    std::atomic<reason> reason_ = open; // set before the channel is closed
    std::atomic<std::uint64_t> put_ = 0;
    std::atomic<std::uint64_t> got_ = 0;
    std::atomic<std::size_t> getters_ = 0;
    std::atomic<std::size_t> putters_ = 0;
};

template <class T>
void waiting_transfer<T>::start()
{
    const auto point = point_.lock(); // whoever begins it has the queue
    if (kind_ == kind::put)
        point->start_put(this->shared_from_this());
    else
        point->start_get(this->shared_from_this());
}

template <class T>
std::string waiting_transfer<T>::description() const
{
    const auto point = point_.lock();
    const std::string queue = point ? point->description() : "a concurrent queue";
    return (kind_ == kind::put ? "room in " : "an item of ") + queue;
}

} // namespace rill::RILL_FORM::detail
