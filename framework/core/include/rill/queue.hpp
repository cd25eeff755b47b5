// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/awaitable.hpp>
#include <rill/detail/wait_operation.hpp>

#include <boost/asio/any_io_executor.hpp>

#include <concepts>
#include <cstddef>
#include <deque>
#include <optional>
#include <source_location>
#include <string>
#include <tuple>
#include <utility>

namespace rill {

/// Bounded FIFO between the tasks of one loop. Mirrors asyncio.Queue.
///
/// A full queue suspends put, so producers move at their consumer's pace. Waiters are served in
/// order, and a newcomer never overtakes them: an item goes straight to the first who waits for
/// one. Every operation supports total cancellation; what was handed over before a cancel arrived
/// is delivered. Waiters left when the queue is destroyed end with operation_aborted.
/// Thread safety: distinct objects safe, shared objects unsafe; all on the thread of one loop.
template <std::movable T>
class queue {
    class get_waiter;
    class put_waiter;

public:
    /// On the loop of `ex`. `capacity` in items; 0 means unbounded, as in asyncio.
    explicit queue(const asio::any_io_executor& ex, std::size_t capacity = 0);

    /// On the loop that this thread runs.
    explicit queue(std::size_t capacity = 0);

    /// Returns once `value` is stored. Cancelled, the value is discarded and nothing is stored.
    awaitable<void> put(T value, std::source_location where = std::source_location::current());

    /// Completes with void(error_code) once `value` is stored.
    template <asio::completion_token_for<void(error_code)> Token>
    auto async_put(T value, Token&& token);

    /// Without a token: an operation to be awaited, or given to select.
    auto async_put(T value, std::source_location where = std::source_location::current());

    /// Gives the oldest item. Cancelled, the item stays.
    awaitable<T> get(std::source_location where = std::source_location::current());

    /// Completes with void(error_code, T), the oldest item; T{} beside an error.
    template <asio::completion_token_for<void(error_code, T)> Token>
        requires std::default_initializable<T>
    auto async_get(Token&& token);

    /// Without a token: an operation to be awaited, or given to select.
    auto async_get(std::source_location where = std::source_location::current());

    bool try_put(T& value); ///< False if full; `value` is then untouched.
    bool try_put(T&& value);
    std::optional<T> try_get(); ///< Empty if nothing is stored.

    std::size_t size() const noexcept; ///< Items stored; those of suspended putters not counted.
    std::size_t capacity() const noexcept; ///< 0: unbounded.
    bool empty() const noexcept;
    bool full() const noexcept;

private:
    void store(T&& value);

    detail::loop_core* core_;
    std::size_t capacity_;
    std::deque<T> items_;                   // at most capacity_
    detail::wait_list<get_waiter> getters_; // empty while an item is stored
    detail::wait_list<put_waiter> putters_; // empty unless full
};

// Implementation

template <std::movable T>
class queue<T>::get_waiter : public detail::operation {
public:
    get_waiter(queue& q, std::source_location where) noexcept
        : operation(q.core_, where)
        , queue_(&q)
    {}

    /// Only what has not started is moved, so there is no item yet.
    get_waiter(get_waiter&& other) noexcept
        : get_waiter(*other.queue_, other.where_)
    {}

    void accept(T&& value)
    {
        item.emplace(std::move(value));
        this->complete();
    }

    T take() { return std::move(*item); }

    std::optional<T> item;

protected:
    void start()
    {
        item = queue_->try_get();
        if (item)
            this->complete();
        else
            queue_->getters_.add(*this);
    }

    void describe_to(std::string& text) const { text = "a queue's item"; }

    template <class Signature>
    auto results()
    {
        return std::tuple<error_code, T>(this->error(), item ? std::move(*item) : T{});
    }

private:
    queue* queue_;
};

template <std::movable T>
class queue<T>::put_waiter : public detail::operation {
public:
    put_waiter(queue& q, T&& v, std::source_location where)
        : operation(q.core_, where)
        , value(std::move(v))
        , queue_(&q)
    {}

    put_waiter(put_waiter&& other) noexcept(std::is_nothrow_move_constructible_v<T>)
        : put_waiter(*other.queue_, std::move(other.value), other.where_)
    {}

    T value;

protected:
    void start()
    {
        if (queue_->try_put(value))
            this->complete();
        else
            queue_->putters_.add(*this);
    }

    void describe_to(std::string& text) const { text = "room in a queue"; }

    template <class Signature>
    std::tuple<error_code> results() const
    {
        return {this->error()};
    }

private:
    queue* queue_;
};

template <std::movable T>
queue<T>::queue(const asio::any_io_executor& ex, std::size_t capacity)
    : core_(&detail::loop_core::of(ex))
    , capacity_(capacity)
{}

template <std::movable T>
queue<T>::queue(std::size_t capacity)
    : core_(&detail::loop_core::running())
    , capacity_(capacity)
{}

template <std::movable T>
void queue<T>::store(T&& value)
{
    if (get_waiter* getter = getters_.front())
        getter->accept(std::move(value));
    else
        items_.push_back(std::move(value));
}

template <std::movable T>
bool queue<T>::try_put(T& value)
{
    return try_put(std::move(value));
}

template <std::movable T>
bool queue<T>::try_put(T&& value)
{
    if (full())
        return false;
    store(std::move(value));
    return true;
}

template <std::movable T>
std::optional<T> queue<T>::try_get()
{
    if (items_.empty())
        return std::nullopt;
    std::optional<T> item(std::move(items_.front()));
    items_.pop_front();
    if (put_waiter* putter = putters_.front()) {
        items_.push_back(std::move(putter->value));
        putter->complete();
    }
    return item;
}

template <std::movable T>
auto queue<T>::async_put(T value, std::source_location where)
{
    return detail::wait_operation<void(error_code), put_waiter>(
        std::in_place, *this, std::move(value), where
    );
}

template <std::movable T>
template <asio::completion_token_for<void(error_code)> Token>
auto queue<T>::async_put(T value, Token&& token)
{
    return async_put(std::move(value), std::source_location()).initiate(std::forward<Token>(token));
}

template <std::movable T>
awaitable<void> queue<T>::put(T value, std::source_location where)
{
    if (try_put(value))
        co_return;
    co_await detail::request_wait<put_waiter>(*this, std::move(value), where);
}

template <std::movable T>
auto queue<T>::async_get(std::source_location where)
{
    return detail::wait_operation<void(error_code, T), get_waiter>(std::in_place, *this, where);
}

template <std::movable T>
template <asio::completion_token_for<void(error_code, T)> Token>
    requires std::default_initializable<T>
auto queue<T>::async_get(Token&& token)
{
    return async_get(std::source_location()).initiate(std::forward<Token>(token));
}

template <std::movable T>
awaitable<T> queue<T>::get(std::source_location where)
{
    if (std::optional<T> item = try_get())
        co_return std::move(*item);
    co_return co_await detail::request_wait<get_waiter>(*this, where);
}

template <std::movable T>
std::size_t queue<T>::size() const noexcept
{
    return items_.size();
}

template <std::movable T>
std::size_t queue<T>::capacity() const noexcept
{
    return capacity_;
}

template <std::movable T>
bool queue<T>::empty() const noexcept
{
    return items_.empty();
}

template <std::movable T>
bool queue<T>::full() const noexcept
{
    return capacity_ != 0 && items_.size() >= capacity_;
}

} // namespace rill
