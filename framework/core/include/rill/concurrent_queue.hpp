// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/awaitable.hpp>
#include <rill/clock.hpp>
#include <rill/detail/form.hpp>
#include <rill/error.hpp>
#include <rill/unbounded.hpp>

#include <boost/asio/any_io_executor.hpp>

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <source_location>
#include <string>
#include <utility>

namespace rill::RILL_FORM {

namespace detail {

template <class T>
class concurrent_queue_state;

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
/// A loop that ends takes its waiting tasks out of the line, and so does the context of a handler's
/// executor; an item on its way to one of them ends with it.
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
    std::shared_ptr<detail::concurrent_queue_state<T>>
        point_; // waits in other threads may hold it for a moment
};

} // namespace rill::RILL_FORM

#include <rill/impl/concurrent_queue.hpp>

#ifndef RILL_SEPARATE_COMPILATION
#include <rill/impl/concurrent_queue.ipp>
#endif
