// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/awaitable.hpp>
#include <rill/detail/form.hpp>
#include <rill/detail/loop/task_executor.hpp>
#include <rill/error.hpp>
#include <rill/unbounded.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/smart_ptr/intrusive_ptr.hpp>

#include <concepts>
#include <cstddef>
#include <optional>
#include <source_location>
#include <string>
#include <utility>

namespace rill::RILL_FORM {

struct channel_statistics {
    std::size_t stored;            ///< Items in it.
    std::size_t capacity;          ///< The most that it stores.
    std::size_t open_senders;      ///< Those that have not been closed.
    std::size_t open_receivers;    ///< Those that have not been closed.
    std::size_t senders_waiting;   ///< Sends that wait for room or for a receiver.
    std::size_t receivers_waiting; ///< Receives that wait for an item.
    std::size_t promised;          ///< Items handed to receives that waited and have not run since.
};

namespace detail {

template <class T>
class channel_state;

/// What the two kinds of ends have in common.
///
/// An end that was moved from is closed, and may be assigned to: all else throws invalid_state.
template <class T>
class channel_end {
public:
    channel_end(channel_end&&) noexcept = default;
    channel_end& operator=(channel_end&& other) noexcept; ///< Closes this one.
    ~channel_end() { close(); }

    /// This end does nothing from now on, and what waits on it ends with errc::closed. May be
    /// repeated; destruction does the same.
    void close() noexcept;

    bool is_open() const noexcept; ///< False once it was closed or moved from.

    channel_statistics statistics() const; ///< Of the channel; after close() as well.

    loop_executor get_executor() const;

    void set_name(std::string name); ///< Of the channel, for all its ends: "channel 'orders'".
    std::string name() const;        ///< Empty if none was given.

protected:
    class record;
    using record_ptr = boost::intrusive_ptr<record>;

    explicit channel_end(record_ptr r) noexcept
        : record_(std::move(r))
    {}

    /// Throws invalid_state if it was moved from.
    const record_ptr& checked() const;

private:
    friend channel_state<T>;

    record_ptr record_; // null once it was moved from
};

} // namespace detail

/// The end of a channel into which items are put. Made by channel or clone().
template <class T>
class sender : public detail::channel_end<T> {
public:
    /// Returns once `value` is stored or handed to a receiver. Cancelled or failed, the value is
    /// discarded and nobody gets it.
    /// Errors: broken_pipe once all receivers are closed; errc::closed if this end is. Both reach
    /// a send that waits.
    auto send(T value, std::source_location where = std::source_location::current());

    /// Completes with void(error_code) once `value` is stored or handed to a receiver.
    template <asio::completion_token_for<void(error_code)> Token>
    auto async_send(T value, Token&& token);

    /// False if send() would wait or fail; `value` is then untouched. A rendezvous succeeds only
    /// if a receiver waits.
    bool try_send(T&& value);
    bool try_send(const T& value)
        requires std::copy_constructible<T>;

    /// Whether a receiver is open. Without one, every send fails, for there is none to clone.
    bool has_receivers() const;

    /// Another sender of this channel. Throws system_error with errc::closed if this one is closed.
    sender clone() const;

private:
    friend detail::channel_state<T>;
    using detail::channel_end<T>::channel_end;
};

/// The end of a channel from which items are taken. Made by channel or clone().
template <class T>
class receiver : public detail::channel_end<T> {
public:
    /// Gives the next item; empty once all senders are closed and everything is drained.
    /// Cancelled, the item stays. Errors: errc::closed if this end is, or is closed meanwhile.
    auto receive(std::source_location where = std::source_location::current());

    /// Completes with void(error_code, std::optional<T>), the next item; empty at the end, and
    /// beside an error.
    template <asio::completion_token_for<void(error_code, std::optional<T>)> Token>
    auto async_receive(Token&& token);

    /// The next item, from a sender that waits if nothing is stored. Empty if there is none, be it
    /// for now or at the end, and if this end is closed.
    std::optional<T> try_receive();

    /// Whether all senders are closed and everything is drained.
    bool at_end() const;

    /// Another receiver of this channel; each item goes to one of them. Throws system_error with
    /// errc::closed if this one is closed.
    receiver clone() const;

private:
    friend detail::channel_state<T>;
    using detail::channel_end<T>::channel_end;
};

/// A way for items from some tasks of a loop to others, with ends of its own for both sides. What
/// trio's memory channel is.
///
///     auto [orders, incoming] = rill::channel<order>(ex, 8);
///     while (auto next = co_await incoming.receive()) serve(*next);
///
/// Give each task an end of its own, by move or clone(): when the last sender is closed, receivers
/// take what is stored and then see the end; when the last receiver is closed, stored items are
/// gone and sends fail. The usual mistake is to keep a sender that nobody uses, so that the end
/// never comes. An end may be moved while a wait is pending on it.
///
/// Waiters are served in order, and a newcomer never overtakes them: an item goes straight to the
/// first receive that waits. Every operation supports total cancellation; what was handed over
/// before a cancel arrived is delivered. The shared part dies with the last end or wait.
/// Thread safety: distinct channels safe, shared ones unsafe; all on the thread of one loop.
template <std::movable T>
class channel {
public:
    /// On the loop of `ex`. `capacity` in items; with 0 a send completes only once a receiver has
    /// taken the item (a rendezvous), with `unbounded` it never waits.
    channel(const asio::any_io_executor& ex, std::size_t capacity);

    /// On the loop that this thread runs.
    explicit channel(std::size_t capacity);

    rill::sender<T> sender;
    rill::receiver<T> receiver;

private:
    using state_ptr = boost::intrusive_ptr<detail::channel_state<T>>;

    explicit channel(const state_ptr& state);
};

} // namespace rill::RILL_FORM

#include <rill/impl/channel.hpp>
