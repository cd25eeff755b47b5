// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/awaitable.hpp>
#include <rill/detail/form.hpp>
#include <rill/detail/wait/item_slot.hpp>
#include <rill/detail/wait/primitive.hpp>
#include <rill/detail/wait/wait_operation.hpp>

#include <boost/asio/any_io_executor.hpp>

#include <concepts>
#include <cstddef>
#include <functional>
#include <optional>
#include <source_location>
#include <stdexcept>
#include <string>
#include <tuple>
#include <utility>

namespace rill::RILL_FORM {

/// The capacity of a queue in units of `size_of(item)`, bytes say, and not in items:
/// `queue<std::string> q(ex, capacity_by(1 << 20, &std::string::size))`.
///
/// size_of is asked once for each item, when it is put; what it throws leaves that call. An item
/// that is larger than the capacity is let in once the queue is empty, so that none waits for ever.
template <class F>
class capacity_by {
public:
    capacity_by(std::size_t most, F size_of)
        : limit(most)
        , size(std::move(size_of))
    {}

    std::size_t limit;
    F size;
};

struct queue_statistics {
    std::size_t stored;     ///< Items in it.
    std::size_t promised;   ///< Items handed to those who waited and have not run since.
    std::size_t unfinished; ///< Items put for which there was no task_done() yet.
    std::size_t getters;    ///< Those who wait for an item.
    std::size_t putters;    ///< Those who wait for room.
};

namespace detail {

/// The queues: they differ in the order in which `Store` gives items back.
template <std::movable T, class Store>
class basic_queue : public primitive {
    class get_waiter;
    class put_waiter;
    class join_waiter;

public:
    /// On the loop of `ex`. `capacity` in items; 0 means unbounded, as in asyncio.
    explicit basic_queue(const asio::any_io_executor& ex, std::size_t capacity = 0);

    /// On the loop that this thread runs.
    explicit basic_queue(std::size_t capacity = 0);

    /// With a capacity in bytes, or whatever it counts.
    template <class F>
    basic_queue(const asio::any_io_executor& ex, capacity_by<F> capacity);
    template <class F>
    explicit basic_queue(capacity_by<F> capacity);

    /// Returns once `value` is stored. Cancelled, the value is discarded and nothing is stored.
    /// Errors: errc::shut_down, also for those who wait when it is shut down.
    auto put(T value, std::source_location where = std::source_location::current());

    /// Completes with void(error_code) once `value` is stored.
    template <asio::completion_token_for<void(error_code)> Token>
    auto async_put(T value, Token&& token);

    /// Gives the next item. Cancelled, the item stays.
    /// Errors: errc::shut_down once it is shut down and empty.
    auto get(std::source_location where = std::source_location::current());

    /// Completes with void(error_code, T), the next item; T{} beside an error.
    template <asio::completion_token_for<void(error_code, T)> Token>
        requires std::default_initializable<T>
    auto async_get(Token&& token);

    /// False if it is full or shut down, or somebody waits to put; `value` is then untouched. Mirrors
    /// put_nowait.
    bool try_put(T&& value);
    bool try_put(const T& value)
        requires std::copy_constructible<T>;

    /// Empty if nothing is stored. Mirrors get_nowait.
    std::optional<T> try_get();

    /// One item that was got has been dealt with. Throws std::logic_error if all have been.
    void task_done();

    /// Returns once there was a task_done() for each item that was put; at once for an unused queue.
    auto join(std::source_location where = std::source_location::current());

    /// Completes with void(error_code).
    template <asio::completion_token_for<void(error_code)> Token>
    auto async_join(Token&& token);

    /// From now on nothing can be put, and what is stored can be got still; `immediate`, that is
    /// dropped, and counts as done. Those who wait to put or get end with errc::shut_down. May be
    /// repeated.
    void shutdown(bool immediate = false) noexcept;

    bool is_shut_down() const noexcept;
    std::size_t size() const noexcept; ///< Items stored; those of suspended putters not counted.
    std::size_t capacity() const noexcept; ///< In items, or as capacity_by counts; 0: unbounded.
    bool empty() const noexcept;
    bool full() const noexcept;

    queue_statistics statistics() const noexcept;

    /// In words; see to_string.
    std::string description() const;

private:
    std::size_t size_of(const T& value) const { return size_of_ ? size_of_(value) : 1; }

    bool has_room_for(std::size_t size) const noexcept;
    bool accept(T&& value, std::size_t size);
    std::optional<T> take();
    void store(T&& value, std::size_t size);
    void admit_putters();
    void count_done() noexcept;

    std::size_t capacity_;
    std::function<std::size_t(const T&)> size_of_; // empty: each counts 1
    Store items_;
    std::size_t used_ = 0;           // the sizes of items_
    std::size_t unfinished_ = 0;     // put, and not task_done()
    bool shut_down_ = false;         // then nobody waits but for join
    wait_list<get_waiter> getters_;  // empty while an item is stored
    wait_list<put_waiter> putters_;  // the first one has no room
    wait_list<join_waiter> joiners_; // empty while unfinished_ is 0
};

// Implementation

template <std::movable T, class Store>
class basic_queue<T, Store>::get_waiter : public operation {
public:
    get_waiter(basic_queue& q, std::source_location where) noexcept
        : operation(q.core_, where)
        , queue_(&q)
    {}

    bool try_now()
    {
        item = queue_->take();
        return item.has_value();
    }

    T take() { return std::move(*item); }

    item_slot<T> item;

protected:
    void start()
    {
        if (queue_->shut_down_ && queue_->empty())
            this->fail(errc::shut_down);
        else
            queue_->getters_.complete_or_add(*this);
    }

    void describe_to(std::string& text) const { text = "an item of " + queue_->called("a queue"); }

private:
    basic_queue* queue_;
};

template <std::movable T, class Store>
class basic_queue<T, Store>::put_waiter : public operation {
public:
    put_waiter(basic_queue& q, T&& v, std::source_location where)
        : operation(q.core_, where)
        , size(q.size_of(v)) // what it throws goes to the caller
        , value(std::move(v))
        , queue_(&q)
    {}

    bool try_now() { return queue_->accept(std::move(value), size); }

    std::size_t size;
    T value;

protected:
    void start()
    {
        if (queue_->shut_down_)
            this->fail(errc::shut_down);
        else
            queue_->putters_.complete_or_add(*this);
    }

    /// Those behind it may have smaller items, for which there is room.
    void on_cancel()
    {
        this->abort();
        queue_->admit_putters();
    }

    void describe_to(std::string& text) const { text = "room in " + queue_->called("a queue"); }

private:
    basic_queue* queue_;
};

template <std::movable T, class Store>
class basic_queue<T, Store>::join_waiter : public operation {
public:
    join_waiter(basic_queue& q, std::source_location where) noexcept
        : operation(q.core_, where)
        , queue_(&q)
    {}

    bool try_now() const noexcept { return queue_->unfinished_ == 0; }

protected:
    void start() { queue_->joiners_.complete_or_add(*this); }

    void describe_to(std::string& text) const
    {
        text = "the end of the work of " + queue_->called("a queue");
    }

private:
    basic_queue* queue_;
};

template <std::movable T, class Store>
basic_queue<T, Store>::basic_queue(const asio::any_io_executor& ex, std::size_t capacity)
    : primitive(ex)
    , capacity_(capacity)
{}

template <std::movable T, class Store>
basic_queue<T, Store>::basic_queue(std::size_t capacity)
    : primitive("a queue")
    , capacity_(capacity)
{}

template <std::movable T, class Store>
template <class F>
basic_queue<T, Store>::basic_queue(const asio::any_io_executor& ex, capacity_by<F> capacity)
    : primitive(ex)
    , capacity_(capacity.limit)
    , size_of_(std::move(capacity.size))
{}

template <std::movable T, class Store>
template <class F>
basic_queue<T, Store>::basic_queue(capacity_by<F> capacity)
    : primitive("a queue")
    , capacity_(capacity.limit)
    , size_of_(std::move(capacity.size))
{}

template <std::movable T, class Store>
bool basic_queue<T, Store>::has_room_for(std::size_t size) const noexcept
{
    if (capacity_ == 0 || items_.empty())
        return true;
    return used_ < capacity_ && size <= capacity_ - used_;
}

/// Goes straight to the first who waits for one: then nothing else is stored.
template <std::movable T, class Store>
void basic_queue<T, Store>::store(T&& value, std::size_t size)
{
    if (get_waiter* getter = getters_.front()) {
        getter->item.emplace(std::move(value));
        ++unfinished_;
        getters_.grant(*getter);
    } else {
        items_.push({std::move(value), size});
        ++unfinished_;
        used_ += size;
    }
}

template <std::movable T, class Store>
void basic_queue<T, Store>::admit_putters()
{
    while (put_waiter* putter = putters_.front()) {
        if (!has_room_for(putter->size))
            return;
        store(std::move(putter->value), putter->size);
        putter->complete();
    }
}

template <std::movable T, class Store>
bool basic_queue<T, Store>::try_put(T&& value)
{
    note_use("a queue");
    return accept(std::move(value), size_of(value));
}

template <std::movable T, class Store>
bool basic_queue<T, Store>::accept(T&& value, std::size_t size)
{
    if (shut_down_ || !putters_.empty() || !has_room_for(size))
        return false;
    store(std::move(value), size);
    return true;
}

template <std::movable T, class Store>
bool basic_queue<T, Store>::try_put(const T& value)
    requires std::copy_constructible<T>
{
    return try_put(T(value));
}

template <std::movable T, class Store>
std::optional<T> basic_queue<T, Store>::try_get()
{
    note_use("a queue");
    return take();
}

template <std::movable T, class Store>
std::optional<T> basic_queue<T, Store>::take()
{
    if (items_.empty())
        return std::nullopt;
    auto stored = items_.pop();
    used_ -= stored.size;
    std::optional<T> item(std::move(stored.value));
    if (!putters_.empty())
        admit_putters();
    return item;
}

template <std::movable T, class Store>
auto basic_queue<T, Store>::put(T value, std::source_location where)
{
    return wait_operation<void(error_code), put_waiter>(
        std::in_place, *this, std::move(value), where
    );
}

template <std::movable T, class Store>
template <asio::completion_token_for<void(error_code)> Token>
auto basic_queue<T, Store>::async_put(T value, Token&& token)
{
    return put(std::move(value), std::source_location()).initiate(std::forward<Token>(token));
}

template <std::movable T, class Store>
auto basic_queue<T, Store>::get(std::source_location where)
{
    return wait_operation<void(error_code, T), get_waiter>(std::in_place, *this, where);
}

template <std::movable T, class Store>
template <asio::completion_token_for<void(error_code, T)> Token>
    requires std::default_initializable<T>
auto basic_queue<T, Store>::async_get(Token&& token)
{
    return get(std::source_location()).initiate(std::forward<Token>(token));
}

template <std::movable T, class Store>
void basic_queue<T, Store>::count_done() noexcept
{
    if (--unfinished_ == 0)
        joiners_.complete_all();
}

template <std::movable T, class Store>
void basic_queue<T, Store>::task_done()
{
    note_use("a queue");
    if (unfinished_ == 0)
        throw std::logic_error("rill::queue: task_done() was called more often than items were put"
        );
    count_done();
}

template <std::movable T, class Store>
auto basic_queue<T, Store>::join(std::source_location where)
{
    return wait_operation<void(error_code), join_waiter>(std::in_place, *this, where);
}

template <std::movable T, class Store>
template <asio::completion_token_for<void(error_code)> Token>
auto basic_queue<T, Store>::async_join(Token&& token)
{
    return join(std::source_location()).initiate(std::forward<Token>(token));
}

template <std::movable T, class Store>
void basic_queue<T, Store>::shutdown(bool immediate) noexcept
{
    note_use("a queue");
    shut_down_ = true;
    putters_.fail_all(errc::shut_down);
    getters_.fail_all(errc::shut_down);
    if (!immediate)
        return;
    used_ = 0;
    while (!items_.empty()) {
        items_.pop();
        if (unfinished_ > 0)
            count_done();
    }
}

template <std::movable T, class Store>
bool basic_queue<T, Store>::is_shut_down() const noexcept
{
    return shut_down_;
}

template <std::movable T, class Store>
std::size_t basic_queue<T, Store>::size() const noexcept
{
    return items_.size();
}

template <std::movable T, class Store>
std::size_t basic_queue<T, Store>::capacity() const noexcept
{
    return capacity_;
}

template <std::movable T, class Store>
bool basic_queue<T, Store>::empty() const noexcept
{
    return items_.empty();
}

template <std::movable T, class Store>
bool basic_queue<T, Store>::full() const noexcept
{
    return !has_room_for(1);
}

template <std::movable T, class Store>
std::string basic_queue<T, Store>::description() const
{
    const bool of_items = capacity_ > 0 && !size_of_;
    return called("a queue") + " (" + (of_items ? std::to_string(size()) + " of " : std::string()) +
           counted(of_items ? capacity_ : size(), "item", "items") +
           and_waiting(getters_.size(), "getter waits", "getters wait") +
           and_waiting(putters_.size(), "putter waits", "putters wait") +
           (shut_down_ ? ", shut down)" : ")");
}

template <std::movable T, class Store>
queue_statistics basic_queue<T, Store>::statistics() const noexcept
{
    return {
        items_.size(),
        getters_.promised(),
        unfinished_,
        getters_.size(),
        putters_.size(),
    };
}

} // namespace detail
} // namespace rill::RILL_FORM
