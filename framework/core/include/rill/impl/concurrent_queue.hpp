// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/concurrent_queue.hpp>
#include <rill/detail/wait/blocked_thread.hpp>
#include <rill/detail/wait/concurrent_queue_state.hpp>
#include <rill/detail/wait/wait_operation.hpp>

#include <boost/asio/associated_immediate_executor.hpp>

#include <stdexcept>
#include <tuple>

namespace rill::RILL_FORM {

namespace detail {

/// Calls a handler for something that did not have to wait.
template <class Handler, class Results>
void complete_at_once(Handler handler, Results results, const asio::any_io_executor& otherwise)
{
    const auto ex = asio::get_associated_executor(handler, otherwise);
    const auto immediate = asio::get_associated_immediate_executor(handler, ex);
    dispatch_results(immediate, std::move(handler), std::move(results));
}

/// Asio's own tokens, cancel_after for one, ask an initiation for an executor.
template <class T>
class transfer_initiation {
public:
    using executor_type = asio::any_io_executor;

    explicit transfer_initiation(const std::shared_ptr<concurrent_queue_state<T>>& point)
        : executor_(point->executor)
    {}

    executor_type get_executor() const noexcept { return executor_; }

private:
    executor_type executor_;
};

template <class T>
struct put_initiation : transfer_initiation<T> {
    using transfer_initiation<T>::transfer_initiation;

    template <class Handler>
    void operator()(
        Handler handler, T item, const std::shared_ptr<concurrent_queue_state<T>>& point
    ) const
    {
        if (point->try_put(item)) {
            complete_at_once(std::move(handler), std::tuple(error_code()), point->executor);
            return;
        }
        const auto wait = std::make_shared<waiting_transfer<T>>(point, std::move(item));
        const auto deliver = [wait](auto waiting) { std::move(waiting)(wait->error()); };
        begin_remote(wait, std::move(handler), deliver, point->executor);
    }
};

template <class T>
struct get_initiation : transfer_initiation<T> {
    using transfer_initiation<T>::transfer_initiation;

    template <class Handler>
    void operator()(Handler handler, const std::shared_ptr<concurrent_queue_state<T>>& point) const
    {
        if (std::optional<T> item = point->try_get()) {
            std::tuple results(error_code(), std::move(*item));
            complete_at_once(std::move(handler), std::move(results), point->executor);
            return;
        }
        const auto wait =
            std::make_shared<waiting_transfer<T>>(point, waiting_transfer<T>::kind::get);
        const auto deliver = [wait](auto waiting) {
            T item = wait->item ? std::move(*wait->item) : T{};
            std::move(waiting)(wait->error(), std::move(item));
        };
        begin_remote(wait, std::move(handler), deliver, point->executor);
    }
};

} // namespace detail

template <std::movable T>
concurrent_queue<T>::concurrent_queue(const asio::any_io_executor& ex, std::size_t capacity)
{
    if (capacity == 0)
        throw std::invalid_argument(
            "rill::concurrent_queue: a capacity of 0; from 1, or rill::unbounded"
        );
    point_ = std::make_shared<detail::concurrent_queue_state<T>>(ex, capacity);
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
    const auto wait = std::make_shared<detail::waiting_transfer<T>>(point_, std::move(value));
    co_await detail::wait_for_remote(wait, where);
}

template <std::movable T>
awaitable<T> concurrent_queue<T>::get(std::source_location where)
{
    if (std::optional<T> item = try_get())
        co_return std::move(*item);
    const auto wait = std::make_shared<detail::waiting_transfer<T>>(
        point_, detail::waiting_transfer<T>::kind::get
    );
    co_await detail::wait_for_remote(wait, where);
    co_return std::move(*wait->item);
}

template <std::movable T>
template <asio::completion_token_for<void(error_code)> Token>
auto concurrent_queue<T>::async_put(T value, Token&& token)
{
    return asio::async_initiate<Token, void(error_code)>(
        detail::put_initiation<T>(point_), token, std::move(value), point_
    );
}

template <std::movable T>
template <asio::completion_token_for<void(error_code, T)> Token>
    requires std::default_initializable<T>
auto concurrent_queue<T>::async_get(Token&& token)
{
    return asio::async_initiate<Token, void(error_code, T)>(
        detail::get_initiation<T>(point_), token, point_
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
    const auto wait = std::make_shared<detail::waiting_transfer<T>>(point_, std::move(value));
    const bool in_time = detail::wait_for_remote_blocking(*wait, at_most);
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
    const auto wait = std::make_shared<detail::waiting_transfer<T>>(
        point_, detail::waiting_transfer<T>::kind::get
    );
    if (detail::wait_for_remote_blocking(*wait, at_most))
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
