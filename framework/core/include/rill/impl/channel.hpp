// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/channel.hpp>
#include <rill/detail/loop/referent.hpp>
#include <rill/detail/wait/channel_state.hpp>

namespace rill::RILL_FORM {

namespace detail {

template <class T>
channel_end<T>& channel_end<T>::operator=(channel_end&& other) noexcept
{
    channel_end taken(std::move(other));
    std::swap(record_, taken.record_);
    return *this;
}

template <class T>
auto channel_end<T>::checked() const -> const record_ptr&
{
    return referent(record_, "this end of a channel");
}

template <class T>
void channel_end<T>::close() noexcept
{
    if (const record_ptr end = record_)
        end->close();
}

template <class T>
bool channel_end<T>::is_open() const noexcept
{
    return record_ && record_->open();
}

template <class T>
channel_statistics channel_end<T>::statistics() const
{
    return checked()->state->statistics();
}

template <class T>
loop_executor channel_end<T>::get_executor() const
{
    return checked()->state->get_executor();
}

template <class T>
void channel_end<T>::set_name(std::string name)
{
    checked()->state->set_name(std::move(name));
}

template <class T>
std::string channel_end<T>::name() const
{
    return checked()->state->name();
}

} // namespace detail

template <class T>
auto sender<T>::send(T value, std::source_location where)
{
    using waiter = typename detail::channel_state<T>::send_waiter;
    return detail::wait_operation<void(error_code), waiter>(
        std::in_place, this->checked(), std::move(value), where
    );
}

template <class T>
template <asio::completion_token_for<void(error_code)> Token>
auto sender<T>::async_send(T value, Token&& token)
{
    return send(std::move(value), std::source_location()).initiate(std::forward<Token>(token));
}

template <class T>
bool sender<T>::try_send(T&& value)
{
    const auto& end = this->checked();
    end->state->note_use("a channel");
    return end->open() && end->state->try_send(std::move(value));
}

template <class T>
bool sender<T>::try_send(const T& value)
    requires std::copy_constructible<T>
{
    return try_send(T(value));
}

template <class T>
bool sender<T>::has_receivers() const
{
    return this->checked()->state->has_receivers();
}

template <class T>
sender<T> sender<T>::clone() const
{
    const auto& end = this->checked();
    end->check_open();
    return end->state->make_sender();
}

template <class T>
auto receiver<T>::receive(std::source_location where)
{
    using waiter = typename detail::channel_state<T>::receive_waiter;
    return detail::wait_operation<void(error_code, std::optional<T>), waiter>(
        std::in_place, this->checked(), where
    );
}

template <class T>
template <asio::completion_token_for<void(error_code, std::optional<T>)> Token>
auto receiver<T>::async_receive(Token&& token)
{
    return receive(std::source_location()).initiate(std::forward<Token>(token));
}

template <class T>
std::optional<T> receiver<T>::try_receive()
{
    const auto& end = this->checked();
    end->state->note_use("a channel");
    return end->open() ? end->state->try_receive() : std::nullopt;
}

template <class T>
bool receiver<T>::at_end() const
{
    return this->checked()->state->at_end();
}

template <class T>
receiver<T> receiver<T>::clone() const
{
    const auto& end = this->checked();
    end->check_open();
    return end->state->make_receiver();
}

template <std::movable T>
channel<T>::channel(const asio::any_io_executor& ex, std::size_t capacity)
    : channel(state_ptr(new detail::channel_state<T>(ex, capacity)))
{}

template <std::movable T>
channel<T>::channel(std::size_t capacity)
    : channel(state_ptr(new detail::channel_state<T>(capacity)))
{}

template <std::movable T>
channel<T>::channel(const state_ptr& state)
    : sender(state->make_sender())
    , receiver(state->make_receiver())
{}

} // namespace rill::RILL_FORM
