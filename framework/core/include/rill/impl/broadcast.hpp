// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/broadcast.hpp>
#include <rill/detail/loop/referent.hpp>
#include <rill/detail/wait/broadcast_state.hpp>

namespace rill::RILL_FORM {

template <std::copyable T>
subscription<T>& subscription<T>::operator=(subscription&& other) noexcept
{
    subscription taken(std::move(other));
    std::swap(record_, taken.record_);
    return *this;
}

template <std::copyable T>
auto subscription<T>::checked() const -> const record_ptr&
{
    return detail::referent(record_, "this subscription");
}

template <std::copyable T>
auto subscription<T>::receive(std::source_location where)
{
    using waiter = typename detail::subscriber<T>::receive_waiter;
    return detail::wait_operation<void(error_code, std::optional<T>), waiter>(
        std::in_place, checked(), where
    );
}

template <std::copyable T>
template <asio::completion_token_for<void(error_code, std::optional<T>)> Token>
auto subscription<T>::async_receive(Token&& token)
{
    return receive(std::source_location()).initiate(std::forward<Token>(token));
}

template <std::copyable T>
std::optional<T> subscription<T>::try_receive()
{
    const record_ptr& s = checked();
    s->note_use();
    return s->open() ? s->try_receive() : std::nullopt;
}

template <std::copyable T>
std::uint64_t subscription<T>::missed() const
{
    return checked()->missed();
}

template <std::copyable T>
bool subscription<T>::at_end() const
{
    return checked()->at_end();
}

template <std::copyable T>
void subscription<T>::close() noexcept
{
    if (const record_ptr s = record_)
        s->close();
}

template <std::copyable T>
bool subscription<T>::is_open() const noexcept
{
    return record_ && record_->open();
}

template <std::copyable T>
subscription_statistics subscription<T>::statistics() const
{
    return checked()->statistics();
}

template <std::copyable T>
broadcast<T>::broadcast(const asio::any_io_executor& ex, std::size_t capacity, lag_policy policy)
    : state_(new detail::broadcast_state<T>(ex, capacity, policy))
{}

template <std::copyable T>
broadcast<T>::broadcast(std::size_t capacity, lag_policy policy)
    : state_(new detail::broadcast_state<T>(capacity, policy))
{}

template <std::copyable T>
auto broadcast<T>::send(T value, std::source_location where)
{
    using waiter = typename detail::broadcast_state<T>::send_waiter;
    return detail::wait_operation<void(error_code), waiter>(
        std::in_place, state_, std::move(value), where
    );
}

template <std::copyable T>
template <asio::completion_token_for<void(error_code)> Token>
auto broadcast<T>::async_send(T value, Token&& token)
{
    return send(std::move(value), std::source_location()).initiate(std::forward<Token>(token));
}

template <std::copyable T>
bool broadcast<T>::try_send(T&& value)
{
    state_->note_use("a broadcast");
    return state_->try_send(std::move(value));
}

template <std::copyable T>
bool broadcast<T>::try_send(const T& value)
{
    return try_send(T(value));
}

template <std::copyable T>
subscription<T> broadcast<T>::subscribe()
{
    return state_->subscribe();
}

template <std::copyable T>
void broadcast<T>::close() noexcept
{
    state_->close();
}

template <std::copyable T>
bool broadcast<T>::is_closed() const noexcept
{
    return state_->closed();
}

template <std::copyable T>
broadcast_statistics broadcast<T>::statistics() const noexcept
{
    return state_->statistics();
}

template <std::copyable T>
detail::loop_executor broadcast<T>::get_executor() const noexcept
{
    return state_->get_executor();
}

template <std::copyable T>
void broadcast<T>::set_name(std::string name)
{
    state_->set_name(std::move(name));
}

template <std::copyable T>
std::string broadcast<T>::name() const
{
    return state_->name();
}

} // namespace rill::RILL_FORM
