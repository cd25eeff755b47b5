// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/awaitable.hpp>
#include <rill/detail/form.hpp>
#include <rill/detail/wait/primitive.hpp>
#include <rill/detail/wait/wait_operation.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/smart_ptr/intrusive_ptr.hpp>
#include <boost/smart_ptr/intrusive_ref_counter.hpp>

#include <algorithm>
#include <cassert>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <source_location>
#include <stdexcept>
#include <string>
#include <tuple>
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
/// One that was moved from is good for assignment and destruction only; waits that are pending on
/// it go with it.
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
    std::uint64_t missed() const noexcept;

    /// Whether the broadcast is closed and everything is drained.
    bool at_end() const noexcept;

    /// Unsubscribes: what waits on this ends with errc::closed, and sends that wait for this
    /// subscriber go on. May be repeated; destruction does the same.
    void close() noexcept;

    bool is_open() const noexcept; ///< False once it was closed or moved from.

    subscription_statistics statistics() const noexcept;

private:
    using record_ptr = boost::intrusive_ptr<detail::subscriber<T>>;
    friend detail::broadcast_state<T>;

    explicit subscription(record_ptr r) noexcept
        : record_(std::move(r))
    {}

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

// Implementation

namespace detail {

struct among_hungry; // tag: a subscriber that waits for an item

/// The part of a broadcast that its subscribers share with it, and that lives as long as they do.
template <std::copyable T>
class broadcast_state
    : public primitive,
      public boost::intrusive_ref_counter<broadcast_state<T>, boost::thread_unsafe_counter> {
    using state_ptr = boost::intrusive_ptr<broadcast_state>;

public:
    class send_waiter;
    friend subscriber<T>;

    broadcast_state(const asio::any_io_executor& ex, std::size_t capacity, lag_policy policy)
        : primitive(ex)
        , capacity_(checked(capacity))
        , policy_(policy)
    {}

    broadcast_state(std::size_t capacity, lag_policy policy)
        : capacity_(checked(capacity))
        , policy_(policy)
    {}

    bool closed() const noexcept { return closed_; }

    subscription<T> subscribe()
    {
        boost::intrusive_ptr<subscriber<T>> s(new subscriber<T>(this));
        ++subscribers_;
        return subscription<T>(std::move(s));
    }

    bool try_send(T&& value);
    void close() noexcept;

    broadcast_statistics statistics() const noexcept;

private:
    struct item {
        T value;
        std::size_t left; // subscribers that have not taken it, 1 or more; grows towards the back
    };

    static std::size_t checked(std::size_t capacity)
    {
        if (capacity == 0)
            throw std::invalid_argument("rill::broadcast: its capacity is 1 item or more, not 0");
        return capacity;
    }

    bool makes_wait() const noexcept
    {
        return policy_ == lag_policy::backpressure && items_.size() >= capacity_;
    }

    /// The number that the next item gets.
    std::uint64_t next() const noexcept { return first_ + items_.size(); }

    item& numbered(std::uint64_t number)
    {
        assert(number >= first_ && number < next() && "the item is not stored");
        return items_[static_cast<std::size_t>(number - first_)];
    }

    void pop_oldest()
    {
        // It ends last: it may send or unsubscribe.
        [[maybe_unused]] const item oldest = std::move(items_.front());
        items_.pop_front();
        ++first_;
    }

    void publish(T&& value);
    void admit_senders();

    std::size_t capacity_;
    lag_policy policy_;
    bool closed_ = false;
    std::size_t subscribers_ = 0; // open ones
    std::deque<item> items_;      // at most capacity_; what a subscriber has not taken
    std::uint64_t first_ = 0;     // the number of the oldest item
    intrusive_list<subscriber<T>, among_hungry> hungry_; // they have taken everything
    wait_list<send_waiter> senders_;                     // empty unless makes_wait()
};

/// A subscription as its waits see it. It stays where it is when the subscription is moved.
template <std::copyable T>
class subscriber
    : public hook<among_hungry>,
      public boost::intrusive_ref_counter<subscriber<T>, boost::thread_unsafe_counter> {
    friend broadcast_state<T>;

public:
    class receive_waiter;

    explicit subscriber(broadcast_state<T>* state) noexcept
        : state_(state)
        , next_(state->next())
    {}

    bool open() const noexcept { return open_; }

    bool at_end() const noexcept { return state_->closed_ && next_ >= state_->next(); }

    std::uint64_t missed() const noexcept { return missed_; }

    std::optional<T> try_receive();
    void close() noexcept;

    subscription_statistics statistics() const noexcept;

private:
    bool has_item() const noexcept { return next_ < state_->next(); }

    /// It is told once.
    bool take_lag() noexcept;

    T take_item();
    void hand_item_to(receive_waiter& w) noexcept;
    void serve_one() noexcept;

    void add(receive_waiter& w)
    {
        waiting_.add(w);
        feel_hungry();
    }

    void feel_hungry() noexcept
    {
        if (!this->linked())
            state_->hungry_.push_back(*this);
    }

    void lost_one() noexcept
    {
        if (waiting_.empty())
            this->unlink();
    }

    boost::intrusive_ptr<broadcast_state<T>> state_;
    std::uint64_t next_;              // the number of the item that it takes next
    std::uint64_t missed_ = 0;        // by the last lag
    std::uint64_t missed_before_ = 0; // by those before it
    bool open_ = true;
    wait_list<receive_waiter> waiting_; // empty while there is an item
};

template <std::copyable T>
class broadcast_state<T>::send_waiter : public operation {
public:
    send_waiter(state_ptr s, T&& v, std::source_location where)
        : operation(s->core_, where)
        , value(std::move(v))
        , state_(std::move(s))
    {}

    /// Only what has not started is moved.
    send_waiter(send_waiter&& other) noexcept(std::is_nothrow_move_constructible_v<T>)
        : send_waiter(other.state_, std::move(other.value), other.where_)
    {}

    bool try_now() { return state_->try_send(std::move(value)); }

    T value;

protected:
    void start()
    {
        if (state_->closed_)
            this->fail(errc::closed);
        else if (state_->try_send(std::move(value)))
            this->complete();
        else
            state_->senders_.add(*this);
    }

    void describe_to(std::string& text) const
    {
        text = "room in " + state_->called("a broadcast") + " (" +
               std::to_string(state_->items_.size()) + " of " + std::to_string(state_->capacity_) +
               " stored for " + std::to_string(state_->subscribers_) + " subscribers)";
    }

private:
    state_ptr state_;
};

template <std::copyable T>
class subscriber<T>::receive_waiter : public operation {
    using subscriber_ptr = boost::intrusive_ptr<subscriber>;

public:
    receive_waiter(subscriber_ptr s, std::source_location where) noexcept
        : operation(s->state_->core_, where)
        , subscriber_(std::move(s))
    {}

    /// There is no item yet.
    receive_waiter(receive_waiter&& other) noexcept
        : receive_waiter(other.subscriber_, other.where_)
    {}

    /// An item, or the end.
    bool try_now()
    {
        if (!subscriber_->open())
            return false;
        item = subscriber_->try_receive();
        return item || subscriber_->at_end();
    }

    std::optional<T> take() { return std::move(item); }

    std::optional<T> item; // none, and no failure: the end

protected:
    void start()
    {
        if (!subscriber_->open()) {
            this->fail(errc::closed);
        } else if (subscriber_->take_lag()) {
            this->fail(errc::lagged);
        } else if (subscriber_->has_item()) {
            const subscriber_ptr s = subscriber_;
            s->hand_item_to(*this);
            s->state_->admit_senders();
        } else if (subscriber_->at_end()) {
            this->complete();
        } else {
            subscriber_->add(*this);
        }
    }

    void on_cancel()
    {
        this->abort();
        subscriber_->lost_one();
    }

    void describe_to(std::string& text) const
    {
        text = "an item of " + subscriber_->state_->called("a broadcast");
    }

private:
    subscriber_ptr subscriber_;
};

template <std::copyable T>
bool broadcast_state<T>::try_send(T&& value)
{
    if (closed_ || makes_wait())
        return false;
    publish(std::move(value));
    return true;
}

/// Those who wait for it have it at once, in the order in which they began to wait.
template <std::copyable T>
void broadcast_state<T>::publish(T&& value)
{
    if (subscribers_ == 0)
        return;
    items_.push_back(item{std::move(value), subscribers_});
    if (items_.size() > capacity_)
        pop_oldest();
    for (auto* s = hungry_.front(); s && s->has_item(); s = hungry_.front())
        s->serve_one();
}

template <std::copyable T>
void broadcast_state<T>::admit_senders()
{
    while (send_waiter* sender = senders_.front()) {
        if (makes_wait())
            return;
        publish(std::move(sender->value));
        sender->complete();
    }
}

template <std::copyable T>
void broadcast_state<T>::close() noexcept
{
    closed_ = true;
    senders_.fail_all(errc::closed);
    while (const boost::intrusive_ptr<subscriber<T>> s{hungry_.pop_front()})
        s->waiting_.complete_all();
}

template <std::copyable T>
broadcast_statistics broadcast_state<T>::statistics() const noexcept
{
    std::size_t receivers = 0;
    hungry_.for_each([&](const subscriber<T>& s) { receivers += s.waiting_.size(); });
    return {items_.size(), capacity_, subscribers_, senders_.size(), receivers};
}

template <std::copyable T>
bool subscriber<T>::take_lag() noexcept
{
    if (next_ >= state_->first_)
        return false;
    missed_before_ += missed_;
    missed_ = state_->first_ - next_;
    next_ = state_->first_;
    return true;
}

/// The last subscriber to take an item is the last for all before it, so it is the oldest.
template <std::copyable T>
T subscriber<T>::take_item()
{
    auto& item = state_->numbered(next_);
    if (item.left > 1) {
        T copy(item.value);
        --item.left;
        ++next_;
        return copy;
    }
    assert(next_ == state_->first_ && "an item is stored that everybody has taken");
    T value(std::move(item.value));
    ++next_;
    state_->pop_oldest();
    return value;
}

/// What cannot be copied for it, it misses.
template <std::copyable T>
void subscriber<T>::hand_item_to(receive_waiter& w) noexcept
{
    try {
        w.item.emplace(take_item());
    } catch (...) {
        --state_->numbered(next_++).left; // it is copied only if others are to take it, too
        missed_before_ += std::exchange(missed_, 1);
        w.fail(errc::lagged);
        return;
    }
    waiting_.grant(w);
}

/// In a loop that dies, the wait may be gone, and goes when it is granted something.
template <std::copyable T>
void subscriber<T>::serve_one() noexcept
{
    const boost::intrusive_ptr<subscriber> self(this);
    if (receive_waiter* w = waiting_.front())
        hand_item_to(*w);
    this->unlink();
    if (!waiting_.empty())
        feel_hungry();
}

template <std::copyable T>
std::optional<T> subscriber<T>::try_receive()
{
    if (take_lag())
        throw system_error(errc::lagged);
    if (!has_item())
        return std::nullopt;
    std::optional<T> item(take_item());
    state_->admit_senders();
    return item;
}

template <std::copyable T>
void subscriber<T>::close() noexcept
{
    if (!std::exchange(open_, false))
        return;
    this->unlink();
    waiting_.fail_all(errc::closed);
    --state_->subscribers_;
    for (next_ = std::max(next_, state_->first_); has_item(); ++next_)
        --state_->numbered(next_).left;
    while (!state_->items_.empty() && state_->items_.front().left == 0)
        state_->pop_oldest();
    state_->admit_senders();
}

template <std::copyable T>
subscription_statistics subscriber<T>::statistics() const noexcept
{
    const std::uint64_t oldest = std::max(next_, state_->first_); // that it can take
    return {
        open_ ? static_cast<std::size_t>(state_->next() - oldest) : 0,
        missed_before_ + missed_ + (open_ ? oldest - next_ : 0),
        waiting_.size(),
        waiting_.promised(),
    };
}

} // namespace detail

template <std::copyable T>
subscription<T>& subscription<T>::operator=(subscription&& other) noexcept
{
    subscription taken(std::move(other));
    std::swap(record_, taken.record_);
    return *this;
}

template <std::copyable T>
auto subscription<T>::receive(std::source_location where)
{
    using waiter = typename detail::subscriber<T>::receive_waiter;
    return detail::wait_operation<void(error_code, std::optional<T>), waiter>(
        std::in_place, record_, where
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
    return is_open() ? record_->try_receive() : std::nullopt;
}

template <std::copyable T>
std::uint64_t subscription<T>::missed() const noexcept
{
    return record_->missed();
}

template <std::copyable T>
bool subscription<T>::at_end() const noexcept
{
    return record_->at_end();
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
subscription_statistics subscription<T>::statistics() const noexcept
{
    return record_->statistics();
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
