// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/awaitable.hpp>
#include <rill/clock.hpp>
#include <rill/detail/form.hpp>
#include <rill/detail/loop/mailbox.hpp>
#include <rill/detail/loop/timer_queue.hpp>
#include <rill/detail/wait/deadline.hpp>
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

// Implementation

template <std::movable T>
class delay_queue<T>::get_waiter : public detail::operation {
public:
    get_waiter(delay_queue& q, std::source_location where) noexcept
        : operation(q.core_, where)
        , queue_(&q)
    {}

    /// Only what has not started is moved, so there is no item yet.
    get_waiter(get_waiter&& other) noexcept
        : get_waiter(*other.queue_, other.where_)
    {}

    bool try_now()
    {
        item = queue_->try_get();
        return item.has_value();
    }

    T take() { return std::move(*item); }

    std::optional<T> item;

protected:
    void start()
    {
        if (try_now()) {
            this->complete();
        } else if (queue_->shut_down_ && queue_->empty()) {
            this->fail(errc::shut_down);
        } else {
            queue_->getters_.add(*this);
            queue_->set_timer();
        }
    }

    void on_cancel()
    {
        this->abort();
        queue_->set_timer();
    }

    void describe_to(std::string& text) const
    {
        text = "a due item of ";
        text += queue_->description();
    }

private:
    delay_queue* queue_; // not to be used once this is ready: the queue may be gone
};

template <std::movable T>
class delay_queue<T>::put_waiter : public detail::operation {
public:
    put_waiter(delay_queue& q, T&& v, detail::deadline d, std::source_location where)
        : operation(q.core_, where)
        , value(std::move(v))
        , queue_(&q)
        , deadline_(d)
    {}

    put_waiter(put_waiter&& other) noexcept(std::is_nothrow_move_constructible_v<T>)
        : put_waiter(*other.queue_, std::move(other.value), other.deadline_, other.where_)
    {}

    bool try_now()
    {
        due = deadline_.counted_from(queue_->now());
        return queue_->try_put_at(std::move(value), due);
    }

    T value;
    time_point due = never; // counted from the start

protected:
    void start()
    {
        if (try_now())
            this->complete();
        else if (queue_->shut_down_)
            this->fail(errc::shut_down);
        else
            queue_->putters_.add(*this);
    }

    void describe_to(std::string& text) const
    {
        text = "room in ";
        text += queue_->description();
    }

private:
    delay_queue* queue_; // not to be used once this is ready: the queue may be gone
    detail::deadline deadline_;
};

template <std::movable T>
delay_queue<T>::delay_queue(const asio::any_io_executor& ex, std::size_t capacity)
    : primitive(ex)
    , timer_node(&on_due)
    , capacity_(capacity)
    , mailbox_(&core_->mail())
{}

template <std::movable T>
delay_queue<T>::delay_queue(std::size_t capacity)
    : timer_node(&on_due)
    , capacity_(capacity)
    , mailbox_(&core_->mail())
{}

/// The getters go first: as long as one is left, it may have the timer armed again.
template <std::movable T>
delay_queue<T>::~delay_queue()
{
    while (get_waiter* getter = getters_.front())
        getter->abort();
    if (armed())
        core_->disarm(*this);
}

/// The loop's time; without the loop, its usual clock's.
template <std::movable T>
time_point delay_queue<T>::now() const noexcept
{
    return mailbox_->closed() ? clock::now() : core_->now();
}

template <std::movable T>
void delay_queue<T>::push(T&& value, time_point due)
{
    items_.push_back(item{std::move(value), due, ++pushed_});
    std::push_heap(items_.begin(), items_.end(), item::after);
}

template <std::movable T>
T delay_queue<T>::pop()
{
    std::pop_heap(items_.begin(), items_.end(), item::after);
    T value(std::move(items_.back().value));
    items_.pop_back();
    return value;
}

/// Gives what is due at `time` to those who wait for it.
template <std::movable T>
void delay_queue<T>::serve(time_point time)
{
    for (get_waiter* getter = getters_.front(); getter; getter = getters_.front()) {
        if (next_due() > time)
            break;
        getter->item.emplace(pop());
        getters_.grant(*getter);
        admit_putters();
    }
    if (shut_down_ && items_.empty())
        getters_.fail_all(errc::shut_down);
    set_timer();
}

template <std::movable T>
void delay_queue<T>::admit_putters()
{
    for (put_waiter* putter = putters_.front(); putter; putter = putters_.front()) {
        if (full())
            return;
        push(std::move(putter->value), putter->due);
        putter->complete();
    }
}

/// While it is armed, and while somebody waits, the loop lives.
template <std::movable T>
void delay_queue<T>::set_timer()
{
    const time_point due = getters_.empty() ? never : next_due();
    if (armed() ? due == timer_due_ : due == never)
        return;
    core_->disarm(*this);
    core_->arm(*this, due);
    timer_due_ = due;
}

template <std::movable T>
std::string delay_queue<T>::description() const
{
    std::string text = called("a delay queue");
    if (items_.empty())
        return text + " (empty)";
    text += " (" + std::to_string(items_.size()) + " stored, the next ";
    if (next_due() <= now())
        return text + "is due)";
    const duration left = next_due() == never ? forever : next_due() - now();
    return text + "due in " + detail::text_of(left) + ")";
}

template <std::movable T>
bool delay_queue<T>::try_put_at(T&& value, time_point due)
{
    if (shut_down_ || full())
        return false;
    push(std::move(value), due);
    if (!getters_.empty())
        serve(now());
    return true;
}

template <std::movable T>
bool delay_queue<T>::try_put_at(const T& value, time_point due)
    requires std::copy_constructible<T>
{
    return try_put_at(T(value), due);
}

template <std::movable T>
bool delay_queue<T>::try_put(T&& value, duration delay)
{
    return try_put_at(std::move(value), detail::deadline_after(now(), delay));
}

template <std::movable T>
bool delay_queue<T>::try_put(const T& value, duration delay)
    requires std::copy_constructible<T>
{
    return try_put(T(value), delay);
}

template <std::movable T>
std::optional<T> delay_queue<T>::try_get()
{
    if (items_.empty())
        return std::nullopt;
    const time_point time = now();
    if (!getters_.empty())
        serve(time);
    if (next_due() > time)
        return std::nullopt;
    std::optional<T> first(pop());
    admit_putters();
    return first;
}

template <std::movable T>
auto delay_queue<T>::put(T value, duration delay, std::source_location where)
{
    return detail::wait_operation<void(error_code), put_waiter>(
        std::in_place, *this, std::move(value), detail::deadline::in(delay), where
    );
}

template <std::movable T>
template <asio::completion_token_for<void(error_code)> Token>
auto delay_queue<T>::async_put(T value, duration delay, Token&& token)
{
    return put(std::move(value), delay, std::source_location())
        .initiate(std::forward<Token>(token));
}

template <std::movable T>
auto delay_queue<T>::put_at(T value, time_point due, std::source_location where)
{
    return detail::wait_operation<void(error_code), put_waiter>(
        std::in_place, *this, std::move(value), detail::deadline::at(due), where
    );
}

template <std::movable T>
template <asio::completion_token_for<void(error_code)> Token>
auto delay_queue<T>::async_put_at(T value, time_point due, Token&& token)
{
    return put_at(std::move(value), due, std::source_location())
        .initiate(std::forward<Token>(token));
}

template <std::movable T>
auto delay_queue<T>::get(std::source_location where)
{
    return detail::wait_operation<void(error_code, T), get_waiter>(std::in_place, *this, where);
}

template <std::movable T>
template <asio::completion_token_for<void(error_code, T)> Token>
    requires std::default_initializable<T>
auto delay_queue<T>::async_get(Token&& token)
{
    return get(std::source_location()).initiate(std::forward<Token>(token));
}

template <std::movable T>
time_point delay_queue<T>::next_due() const noexcept
{
    return items_.empty() ? never : items_.front().due;
}

template <std::movable T>
void delay_queue<T>::shutdown(bool immediate) noexcept
{
    shut_down_ = true;
    putters_.fail_all(errc::shut_down);
    while (immediate && !items_.empty())
        pop();
    if (items_.empty())
        getters_.fail_all(errc::shut_down);
    set_timer();
}

template <std::movable T>
bool delay_queue<T>::is_shut_down() const noexcept
{
    return shut_down_;
}

template <std::movable T>
std::size_t delay_queue<T>::size() const noexcept
{
    return items_.size();
}

template <std::movable T>
std::size_t delay_queue<T>::capacity() const noexcept
{
    return capacity_;
}

template <std::movable T>
bool delay_queue<T>::empty() const noexcept
{
    return items_.empty();
}

template <std::movable T>
bool delay_queue<T>::full() const noexcept
{
    return capacity_ != 0 && items_.size() >= capacity_;
}

template <std::movable T>
delay_queue_statistics delay_queue<T>::statistics() const noexcept
{
    return {items_.size(), getters_.promised(), getters_.size(), putters_.size()};
}

} // namespace rill::RILL_FORM
