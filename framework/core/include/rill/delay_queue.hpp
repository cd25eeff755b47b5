// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/awaitable.hpp>
#include <rill/clock.hpp>
#include <rill/detail/form.hpp>
#include <rill/detail/loop/mailbox.hpp>
#include <rill/detail/loop/timer_queue.hpp>
#include <rill/detail/wait/deadline.hpp>
#include <rill/detail/wait/item_slot.hpp>
#include <rill/detail/wait/primitive.hpp>
#include <rill/detail/wait/wait_operation.hpp>
#include <rill/detail/watch/describe.hpp>

#include <boost/asio/any_io_executor.hpp>

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <source_location>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

namespace rill::RILL_FORM {

struct delay_queue_statistics {
    std::size_t stored;   ///< Items in it, due or not.
    std::size_t promised; ///< Items handed to those who waited and have not run since.
    std::size_t getters;  ///< Those who wait for an item.
    std::size_t putters;  ///< Those who wait for room.
};

/// A queue whose items come out only once they are due, the one that is due first before the
/// others, equal ones in the order in which they were put. What Java's DelayQueue is.
///
///     rill::delay_queue<job> retries(ex);
///     co_await retries.put(failed, 30s);
///     for (;;) run(co_await retries.get());
///
/// Time is that of the loop's clock. A full queue suspends put, and an item that waits for room
/// does not come out, even if it is due. Waiters are served in order, and a newcomer never
/// overtakes them. Every operation supports total cancellation; what was handed over before a
/// cancel arrived is delivered. Those who wait when it is destroyed end with operation_aborted.
/// Thread safety: distinct objects safe, shared objects unsafe; all on the thread of one loop.
template <std::movable T>
class delay_queue : public detail::primitive, private detail::timer_node {
    class get_waiter;
    class put_waiter;

public:
    /// On the loop of `ex`. `capacity` in items; 0 means unbounded, as for rill::queue.
    explicit delay_queue(const asio::any_io_executor& ex, std::size_t capacity = 0);

    /// On the loop that this thread runs.
    explicit delay_queue(std::size_t capacity = 0);

    ~delay_queue();

    /// Returns once `value` is stored, to come out `delay` after the moment when put() was awaited;
    /// zero or less: at once. Cancelled, the value is discarded and nothing is stored.
    /// Errors: errc::shut_down, also for those who wait when it is shut down.
    auto put(T value, duration delay, std::source_location where = std::source_location::current());

    /// As put, to come out at `due`: at once if that has passed, not at all if it is `never`.
    auto
    put_at(T value, time_point due, std::source_location where = std::source_location::current());

    /// Completes with void(error_code) once `value` is stored.
    template <asio::completion_token_for<void(error_code)> Token>
    auto async_put(T value, duration delay, Token&& token);
    template <asio::completion_token_for<void(error_code)> Token>
    auto async_put_at(T value, time_point due, Token&& token);

    /// False if it is full or shut down; `value` is then untouched.
    bool try_put(T&& value, duration delay);
    bool try_put(const T& value, duration delay)
        requires std::copy_constructible<T>;
    bool try_put_at(T&& value, time_point due);
    bool try_put_at(const T& value, time_point due)
        requires std::copy_constructible<T>;

    /// Gives the item that was due first, and waits until one is due. Cancelled, the item stays.
    /// Errors: errc::shut_down once it is shut down and empty.
    auto get(std::source_location where = std::source_location::current());

    /// Completes with void(error_code, T), the item that was due first; T{} beside an error.
    template <asio::completion_token_for<void(error_code, T)> Token>
        requires std::default_initializable<T>
    auto async_get(Token&& token);

    /// The item that was due first. Empty if none is due, or those that are go to others who wait.
    std::optional<T> try_get();

    /// When the first item is or was due; `never` if nothing is stored.
    time_point next_due() const noexcept;

    /// From now on nothing can be put, and those who wait to put end with errc::shut_down. What is
    /// stored still comes out when it is due; once that is done, those who wait for more end with
    /// errc::shut_down too. `immediate`, it is dropped instead. May be repeated.
    void shutdown(bool immediate = false) noexcept;

    bool is_shut_down() const noexcept;
    std::size_t size() const noexcept; ///< Items stored; those of suspended putters not counted.
    std::size_t capacity() const noexcept; ///< In items; 0: unbounded.
    bool empty() const noexcept;
    bool full() const noexcept;

    delay_queue_statistics statistics() const noexcept;

    /// In words; see to_string.
    std::string description() const;

private:
    struct item {
        T value;
        time_point due;
        std::uint64_t number; // counts pushes: the order among equal deadlines

        /// For the heap, whose front is what nothing comes before.
        static bool after(const item& a, const item& b) noexcept
        {
            return a.due != b.due ? a.due > b.due : a.number > b.number;
        }
    };

    static void on_due(detail::timer_node& node)
    {
        auto& self = static_cast<delay_queue&>(node);
        self.serve(self.now());
    }

    time_point now() const noexcept;
    void push(T&& value, time_point due);
    T pop();
    void serve(time_point time);
    void admit_putters();
    void set_timer();

    std::size_t capacity_;
    std::vector<item> items_;      // a heap
    std::uint64_t pushed_ = 0;     // how many ever were
    time_point timer_due_ = never; // when the timer fires: armed while somebody waits to get
    bool shut_down_ = false;       // then nobody waits to put, and nobody to get once it is empty
    detail::mailbox_ptr mailbox_;  // tells whether the loop, and so its clock, is gone
    detail::wait_list<get_waiter> getters_; // no item is due that could be given to the first one
    detail::wait_list<put_waiter> putters_; // empty unless it is full
};

} // namespace rill::RILL_FORM

#include <rill/impl/delay_queue.hpp>
