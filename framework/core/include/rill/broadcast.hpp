// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/awaitable.hpp>
#include <rill/detail/form.hpp>
#include <rill/detail/loop/task_executor.hpp>
#include <rill/error.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/smart_ptr/intrusive_ptr.hpp>

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <source_location>
#include <string>
#include <utility>

namespace rill::RILL_FORM {

/// What a broadcast does with a new item when it stores as many as it may, because a subscriber has
/// not taken the oldest of them.
enum class lag_policy : std::uint8_t {
    drop_oldest,  // the oldest goes; who has not taken it is told by errc::lagged
    backpressure, // the new one waits
};

struct broadcast_statistics {
    std::size_t stored;            ///< Items that a subscriber has not taken.
    std::size_t capacity;          ///< The most that it stores.
    std::size_t subscribers;       ///< Subscriptions that are open.
    std::size_t senders_waiting;   ///< Sends that wait for room.
    std::size_t receivers_waiting; ///< Receives that wait for an item.
};

struct subscription_statistics {
    std::size_t stored;            ///< Items that it can take.
    std::uint64_t missed;          ///< Items that were dropped before it took them, in all.
    std::size_t receivers_waiting; ///< Its receives that wait for an item.
    std::size_t promised;          ///< Items handed to receives that waited and have not run since.
};

namespace detail {

template <std::copyable T>
class broadcast_state;
template <std::copyable T>
class subscriber;

} // namespace detail

/// What a subscriber of a broadcast reads from. Made by subscribe(); unsubscribes at its end.
///
/// One that was moved from is closed, and may be assigned to: all else throws invalid_state. Waits
/// that are pending on it go with it.
template <std::copyable T>
class [[nodiscard]] subscription {
public:
    subscription(subscription&&) noexcept = default;
    subscription& operator=(subscription&& other) noexcept; ///< Unsubscribes this one.
    ~subscription() { close(); }

    /// Gives a copy of the next item; empty once the broadcast is closed and everything is drained.
    /// Cancelled, the item stays.
    /// Errors: errc::lagged, once, if items were dropped before they were taken; missed() tells how
    /// many, and the next receive gives the oldest that is left. errc::closed if this subscription
    /// is closed, or is meanwhile.
    auto receive(std::source_location where = std::source_location::current());

    /// Completes with void(error_code, std::optional<T>), the next item; empty at the end, and
    /// beside an error.
    template <asio::completion_token_for<void(error_code, std::optional<T>)> Token>
    auto async_receive(Token&& token);

    /// The next item. Empty if there is none, be it for now or at the end, and if this subscription
    /// is closed. Throws system_error with errc::lagged where receive() does.
    std::optional<T> try_receive();

    /// How many items the last errc::lagged was about.
    std::uint64_t missed() const;

    /// Whether the broadcast is closed and everything is drained.
    bool at_end() const;

    /// Unsubscribes: what waits on this ends with errc::closed, and sends that wait for this
    /// subscriber go on. May be repeated; destruction does the same.
    void close() noexcept;

    bool is_open() const noexcept; ///< False once it was closed or moved from.

    subscription_statistics statistics() const;

private:
    using record_ptr = boost::intrusive_ptr<detail::subscriber<T>>;
    friend detail::broadcast_state<T>;

    explicit subscription(record_ptr r) noexcept
        : record_(std::move(r))
    {}

    /// Throws invalid_state if it was moved from.
    const record_ptr& checked() const;

    record_ptr record_; // null once it was moved from
};

/// Gives every item to every subscriber. What tokio's broadcast channel is.
///
///     rill::broadcast<tick> ticks(ex, 64);
///     auto mine = ticks.subscribe();
///     while (auto t = co_await mine.receive()) use(*t);
///
/// A subscriber sees what is sent from its subscribe() on, in order. Items are stored once, however
/// many subscribers there are, until the slowest has taken them; each gets a copy, the last one the
/// item itself. So T is copyable; use shared_ptr<const X> for what is dear to copy. Where the copy for
/// a wait throws, that item is missed (errc::lagged); try_receive() throws it, and the item stays.
/// Without a subscriber, items are dropped.
///
/// Its end closes it: subscribers drain what is stored, and then see the end. Waiters are served in
/// order, and newcomers never overtake them. Every operation supports total cancellation; what was
/// handed over before a cancel arrived is delivered.
/// Thread safety: distinct objects safe, shared objects unsafe; all on the thread of one loop.
template <std::copyable T>
class broadcast {
public:
    /// On the loop of `ex`. `capacity` in items; throws std::invalid_argument if it is 0.
    broadcast(
        const asio::any_io_executor& ex,
        std::size_t capacity,
        lag_policy policy = lag_policy::drop_oldest
    );

    /// On the loop that this thread runs.
    explicit broadcast(std::size_t capacity, lag_policy policy = lag_policy::drop_oldest);

    broadcast(const broadcast&) = delete;
    broadcast& operator=(const broadcast&) = delete;
    ~broadcast() { close(); }

    /// Returns once `value` is stored for the present subscribers; with backpressure that may take
    /// until the slowest has taken the oldest item. Cancelled, the value is discarded.
    /// Errors: errc::closed, also for those who wait when it is closed.
    auto send(T value, std::source_location where = std::source_location::current());

    /// Completes with void(error_code) once `value` is stored for the present subscribers.
    template <asio::completion_token_for<void(error_code)> Token>
    auto async_send(T value, Token&& token);

    /// False if it is closed or send() would wait; `value` is then untouched.
    bool try_send(T&& value);
    bool try_send(const T& value);

    /// Sees what is sent from now on; of a closed broadcast, the end.
    subscription<T> subscribe();

    /// From now on nothing can be sent. Sends that wait end with errc::closed; subscribers see the
    /// end once they have drained what is stored. May be repeated.
    void close() noexcept;

    bool is_closed() const noexcept;

    broadcast_statistics statistics() const noexcept;

    detail::loop_executor get_executor() const noexcept;

    void set_name(std::string name); ///< Shown in messages and dumps: "broadcast 'ticks'".
    std::string name() const;        ///< Empty if none was given.

private:
    boost::intrusive_ptr<detail::broadcast_state<T>> state_;
};

} // namespace rill::RILL_FORM

#include <rill/impl/broadcast.hpp>
