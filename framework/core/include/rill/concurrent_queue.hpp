// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/awaitable.hpp>
#include <rill/clock.hpp>
#include <rill/detail/form.hpp>
#include <rill/detail/wait/errand.hpp>
#include <rill/unbounded.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/associated_immediate_executor.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/execution.hpp>
#include <boost/asio/execution_context.hpp>
#include <boost/asio/experimental/concurrent_channel.hpp>

#include <algorithm>
#include <atomic>
#include <concepts>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <source_location>
#include <stdexcept>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

namespace rill::RILL_FORM {

namespace detail {

template <class T>
class crossing_point;

} // namespace detail

/// Numbers of several threads, each right at some moment during the call.
struct concurrent_queue_statistics {
    std::size_t stored;  ///< Items in it.
    std::uint64_t put;   ///< Items that were ever put.
    std::uint64_t got;   ///< Items that were ever got.
    std::size_t getters; ///< Those who wait for an item.
    std::size_t putters; ///< Those who wait for room.
    std::size_t capacity;
};

/// Bounded FIFO between loops, pools and plain threads. Mirrors queue.Queue and janus.Queue.
///
///     rill::concurrent_queue<order> orders(loop.get_executor(), 1000);
///     co_await orders.put(o);                 // in a task of any loop, in any coroutine of Asio's
///     const order o = orders.blocking_get();  // in a thread
///
/// It stands on Asio's concurrent_channel, with a fast path in front that does not suspend. Waiters
/// are served in order of arrival, and a newcomer does not overtake them; so the items of one
/// producer arrive in the order in which it put them. Where somebody waits in a coroutine or by a
/// handler, his executor must run, and no other: that of the queue is only for handlers without one
/// of their own.
///
/// Items are moved with a lock held, and what was moved from is destroyed with it: moves must not
/// throw, and their ends must not use the queue.
///
/// Every operation supports total cancellation, also while another thread completes it: what was
/// handed over before the cancel is delivered, and otherwise the item stays where it was. Those who
/// wait when the queue is destroyed end with operation_aborted. Nobody may call it during or after
/// that.
///
/// A loop that ends takes its waiting tasks out of the line; an item on its way to one of them ends
/// with it. Whoever waits with a completion token keeps the context of his executor for as long as
/// that, as with all of Asio's objects that live elsewhere.
/// Thread safety: all functions may be called from any thread. A cancellation slot is not locked by
/// Asio: it is emitted where its handler runs, as Rill does for tasks.
template <std::movable T>
class concurrent_queue {
public:
    using value_type = T;

    /// `capacity` in items, from 1, or `unbounded`; std::invalid_argument for 0, which is unbounded for rill::queue
    /// and a rendezvous for a channel. `ex` need not run.
    concurrent_queue(const asio::any_io_executor& ex, std::size_t capacity);

    /// As close(), but those who wait end with operation_aborted. What is stored is dropped.
    ~concurrent_queue();

    concurrent_queue(const concurrent_queue&) = delete;
    concurrent_queue& operator=(const concurrent_queue&) = delete;

    /// Returns once `value` is stored, or given to somebody who waits. Cancelled, it is discarded.
    /// Errors: errc::shut_down, also for those who wait when it is closed.
    awaitable<void> put(T value, std::source_location where = std::source_location::current());

    /// Completes with void(error_code) once `value` is stored.
    template <asio::completion_token_for<void(error_code)> Token>
    auto async_put(T value, Token&& token);

    /// Gives the oldest item. Cancelled, the item stays.
    /// Errors: errc::shut_down once it is closed and empty.
    awaitable<T> get(std::source_location where = std::source_location::current());

    /// Completes with void(error_code, T), the oldest item; T{} beside an error.
    template <asio::completion_token_for<void(error_code, T)> Token>
        requires std::default_initializable<T>
    auto async_get(Token&& token);

    /// False if it is full or closed; `value` is then untouched.
    bool try_put(T& value);
    bool try_put(T&& value);

    /// Empty if nothing is stored.
    std::optional<T> try_get();

    /// As put and get, for a thread that runs no loop: it blocks. Errors as there, thrown;
    /// std::logic_error in a step of a loop, which would stand still.
    void blocking_put(T value);
    T blocking_get();

    /// The same for `at_most` of real time. False, and `value` is then as it was, if there was no
    /// room; empty if there was no item.
    bool blocking_put(T& value, duration at_most);
    bool blocking_put(T&& value, duration at_most);
    std::optional<T> blocking_get(duration at_most);

    /// From now on nothing can be put, and what is stored can be got still. Those who wait end with
    /// errc::shut_down: their values are discarded, and no item comes any more. May be repeated.
    void close();

    bool is_closed() const noexcept;
    std::size_t size() const noexcept; ///< About: other threads put and get meanwhile.
    std::size_t capacity() const noexcept;
    concurrent_queue_statistics statistics() const noexcept;

    asio::any_io_executor get_executor() const noexcept;

    /// Shown in messages and dumps: "concurrent queue 'orders'". To be set before others use it.
    void set_name(std::string name);

    std::string name() const;

private:
    std::shared_ptr<detail::crossing_point<T>>
        point_; // waits in other threads may hold it for a moment
};

// Implementation

namespace detail {

/// Calls where it is asked to, at once, although it says that it never does: what the channel
/// completes through it are the errands below, which only send a message to where somebody waits.
///
/// Asio's channel needs it. It holds on to its own executor as long as somebody waits, and sends
/// what completes at once through it, so that its context would have to run; here nobody else's
/// executor is needed. The channel's lock is held at most of these calls.
class inline_executor {
public:
    explicit inline_executor(asio::execution_context& context) noexcept
        : context_(&context)
    {}

    asio::execution_context& query(asio::execution::context_t) const noexcept { return *context_; }

    inline_executor require(asio::execution::blocking_t::never_t) const noexcept { return *this; }

    template <class F>
    void execute(F&& f) const
    {
        std::decay_t<F> function(std::forward<F>(f));
        std::move(function)();
    }

    friend bool operator==(const inline_executor&, const inline_executor&) = default;

private:
    asio::execution_context* context_;
};

/// A put or a get that has to wait.
template <class T>
class crossing final : public errand, public std::enable_shared_from_this<crossing<T>> {
public:
    enum class kind { put, get };

    crossing(const std::shared_ptr<crossing_point<T>>& p, kind k)
        : point_(p)
        , kind_(k)
    {}

    crossing(const std::shared_ptr<crossing_point<T>>& p, T&& value)
        : crossing(p, kind::put)
    {
        item.emplace(std::move(value));
    }

    void cancel() noexcept override
    {
        if (const auto point =
                point_.lock()) // a cancel after the channel's end would reach into it
            stop_.emit(asio::cancellation_type::total);
    }

    std::string description() const override;

    /// Of a put, until a getter takes it out; of a get, what it got.
    std::optional<T> item;

protected:
    void start() override;

private:
    friend crossing_point<T>;

    std::weak_ptr<crossing_point<T>> point_;
    asio::cancellation_signal stop_; // its slot holds the channel's way to cancel this one
    kind kind_;
    std::atomic<bool> refused_ = false; // it is being cancelled because the queue is closed
};

/// What goes through the channel: an item, or where one is that somebody waits to put. The latter
/// stays his until a getter takes it, so a blocking put that is out of time has it back.
template <class T>
class parcel {
public:
    parcel() = default; // beside an error

    parcel(T&& value)
        : here_(std::move(value))
    {}

    parcel(std::shared_ptr<crossing<T>> from)
        : there_(std::move(from))
    {}

    void unpack_to(std::optional<T>& item)
    {
        std::optional<T>& packed = there_ ? there_->item : here_;
        if (packed)
            item.emplace(std::move(*packed));
    }

private:
    std::optional<T> here_;
    std::shared_ptr<crossing<T>> there_;
};

/// A channel in a context of its own, and who waits to put.
///
/// Asio's channel takes whoever waits for a getter once it is closed, on all releases seen (1.83 to
/// 1.88): a put that is cancelled after that is told that it succeeded. So close() ends the waiting
/// puts first, through their own signals, and closes the channel while no new one can begin to
/// wait.
template <class T>
class crossing_point : public std::enable_shared_from_this<crossing_point<T>> {
    using waiting_ptr = std::shared_ptr<crossing<T>>;
    using traits = asio::experimental::channel_traits<>;
    using channel_type = asio::experimental::
        basic_concurrent_channel<inline_executor, traits, void(error_code, parcel<T>)>;

public:
    crossing_point(const asio::any_io_executor& ex, std::size_t most)
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
        channel_.try_receive([&item](error_code, parcel<T> p) { p.unpack_to(item); });
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
        channel_.async_send(error_code(), parcel<T>(put), send_end(this, put));
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

        operation_end(crossing_point* at, waiting_ptr waiting) noexcept
            : point(at)
            , who(std::move(waiting))
        {}

        cancellation_slot_type get_cancellation_slot() const noexcept { return who->stop_.slot(); }

    protected:
        crossing_point* point; // the channel that calls is in it
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

        void operator()(error_code ec, parcel<T> p)
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

    error_code error_of(error_code ec, const crossing<T>& who) const noexcept
    {
        if (!ec)
            return {};
        const bool by_close = ec == asio::experimental::error::channel_closed || who.refused_;
        return by_close ? closed_because() : aborted();
    }

    static void refuse(crossing<T>& put)
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
    std::vector<std::weak_ptr<crossing<T>>> waiting_puts_;
    std::size_t tidy_at_ = 16;
    std::atomic<reason> reason_ = open; // set before the channel is closed
    std::atomic<std::uint64_t> put_ = 0;
    std::atomic<std::uint64_t> got_ = 0;
    std::atomic<std::size_t> getters_ = 0;
    std::atomic<std::size_t> putters_ = 0;
};

template <class T>
void crossing<T>::start()
{
    const auto point = point_.lock(); // whoever begins it has the queue
    if (kind_ == kind::put)
        point->start_put(this->shared_from_this());
    else
        point->start_get(this->shared_from_this());
}

template <class T>
std::string crossing<T>::description() const
{
    const auto point = point_.lock();
    const std::string queue = point ? point->description() : "a concurrent queue";
    return (kind_ == kind::put ? "room in " : "an item of ") + queue;
}

/// Calls a handler for something that did not have to wait.
template <class Handler, class Results>
void complete_at_once(Handler handler, Results results, const asio::any_io_executor& otherwise)
{
    const auto ex = asio::get_associated_executor(handler, otherwise);
    const auto immediate = asio::get_associated_immediate_executor(handler, ex);
    dispatch_results(immediate, std::move(handler), std::move(results));
}

template <class T>
struct put_initiation {
    template <class Handler>
    void operator()(Handler handler, T item, const std::shared_ptr<crossing_point<T>>& point) const
    {
        if (point->try_put(item)) {
            complete_at_once(std::move(handler), std::tuple(error_code()), point->executor);
            return;
        }
        const auto wait = std::make_shared<crossing<T>>(point, std::move(item));
        const auto deliver = [wait](auto waiting) { std::move(waiting)(wait->error()); };
        begin_errand(wait, std::move(handler), deliver, point->executor);
    }
};

template <class T>
struct get_initiation {
    template <class Handler>
    void operator()(Handler handler, const std::shared_ptr<crossing_point<T>>& point) const
    {
        if (std::optional<T> item = point->try_get()) {
            std::tuple results(error_code(), std::move(*item));
            complete_at_once(std::move(handler), std::move(results), point->executor);
            return;
        }
        const auto wait = std::make_shared<crossing<T>>(point, crossing<T>::kind::get);
        const auto deliver = [wait](auto waiting) {
            T item = wait->item ? std::move(*wait->item) : T{};
            std::move(waiting)(wait->error(), std::move(item));
        };
        begin_errand(wait, std::move(handler), deliver, point->executor);
    }
};

/// A thread that waits, and does nothing else.
class blocked_thread final : public recipient {
public:
    void errand_ended() noexcept override;

    /// False if the time is up before. `never` has no end.
    bool wait_until(time_point deadline);

private:
    std::mutex mutex_;
    std::condition_variable changed_;
    bool ended_ = false;
};

/// Carries an errand out in this thread. False if it was cancelled because the time was up.
bool carry_out_blocking(errand& e, duration at_most);

void check_may_block();

} // namespace detail

template <std::movable T>
concurrent_queue<T>::concurrent_queue(const asio::any_io_executor& ex, std::size_t capacity)
{
    if (capacity == 0)
        throw std::invalid_argument(
            "rill::concurrent_queue: a capacity of 0; from 1, or rill::unbounded"
        );
    point_ = std::make_shared<detail::crossing_point<T>>(ex, capacity);
}

template <std::movable T>
concurrent_queue<T>::~concurrent_queue()
{
    if (point_)
        point_->close(detail::aborted());
}

template <std::movable T>
bool concurrent_queue<T>::try_put(T& value)
{
    return point_->try_put(value);
}

template <std::movable T>
bool concurrent_queue<T>::try_put(T&& value)
{
    return point_->try_put(value);
}

template <std::movable T>
std::optional<T> concurrent_queue<T>::try_get()
{
    return point_->try_get();
}

template <std::movable T>
awaitable<void> concurrent_queue<T>::put(T value, std::source_location where)
{
    if (try_put(value))
        co_return;
    const auto wait = std::make_shared<detail::crossing<T>>(point_, std::move(value));
    co_await detail::carry_out(wait, where);
}

template <std::movable T>
awaitable<T> concurrent_queue<T>::get(std::source_location where)
{
    if (std::optional<T> item = try_get())
        co_return std::move(*item);
    const auto wait = std::make_shared<detail::crossing<T>>(point_, detail::crossing<T>::kind::get);
    co_await detail::carry_out(wait, where);
    co_return std::move(*wait->item);
}

template <std::movable T>
template <asio::completion_token_for<void(error_code)> Token>
auto concurrent_queue<T>::async_put(T value, Token&& token)
{
    return asio::async_initiate<Token, void(error_code)>(
        detail::put_initiation<T>{}, token, std::move(value), point_
    );
}

template <std::movable T>
template <asio::completion_token_for<void(error_code, T)> Token>
    requires std::default_initializable<T>
auto concurrent_queue<T>::async_get(Token&& token)
{
    return asio::async_initiate<Token, void(error_code, T)>(
        detail::get_initiation<T>{}, token, point_
    );
}

template <std::movable T>
void concurrent_queue<T>::blocking_put(T value)
{
    blocking_put(value, forever);
}

template <std::movable T>
T concurrent_queue<T>::blocking_get()
{
    return std::move(*blocking_get(forever));
}

template <std::movable T>
bool concurrent_queue<T>::blocking_put(T& value, duration at_most)
{
    detail::check_may_block();
    if (try_put(value))
        return true;
    const auto wait = std::make_shared<detail::crossing<T>>(point_, std::move(value));
    const bool in_time = detail::carry_out_blocking(*wait, at_most);
    if (!wait->error())
        return true;
    value = std::move(*wait->item);
    if (in_time)
        wait->throw_if_failed();
    return false;
}

template <std::movable T>
bool concurrent_queue<T>::blocking_put(T&& value, duration at_most)
{
    return blocking_put(value, at_most);
}

template <std::movable T>
std::optional<T> concurrent_queue<T>::blocking_get(duration at_most)
{
    detail::check_may_block();
    if (std::optional<T> item = try_get())
        return item;
    const auto wait = std::make_shared<detail::crossing<T>>(point_, detail::crossing<T>::kind::get);
    if (detail::carry_out_blocking(*wait, at_most))
        wait->throw_if_failed();
    return std::move(wait->item);
}

template <std::movable T>
void concurrent_queue<T>::close()
{
    point_->close(errc::shut_down);
}

template <std::movable T>
bool concurrent_queue<T>::is_closed() const noexcept
{
    return point_->is_closed();
}

template <std::movable T>
std::size_t concurrent_queue<T>::size() const noexcept
{
    return point_->size();
}

template <std::movable T>
std::size_t concurrent_queue<T>::capacity() const noexcept
{
    return point_->capacity;
}

template <std::movable T>
concurrent_queue_statistics concurrent_queue<T>::statistics() const noexcept
{
    return point_->statistics();
}

template <std::movable T>
asio::any_io_executor concurrent_queue<T>::get_executor() const noexcept
{
    return point_->executor;
}

template <std::movable T>
void concurrent_queue<T>::set_name(std::string name)
{
    point_->name = std::move(name);
}

template <std::movable T>
std::string concurrent_queue<T>::name() const
{
    return point_->name;
}

} // namespace rill::RILL_FORM

#ifndef RILL_SEPARATE_COMPILATION
#include <rill/impl/concurrent_queue.ipp>
#endif
