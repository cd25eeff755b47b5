// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/awaitable.hpp>
#include <rill/detail/form.hpp>
#include <rill/detail/wait/primitive.hpp>
#include <rill/detail/wait/wait_operation.hpp>
#include <rill/unbounded.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/smart_ptr/intrusive_ptr.hpp>
#include <boost/smart_ptr/intrusive_ref_counter.hpp>

#include <concepts>
#include <cstddef>
#include <deque>
#include <optional>
#include <source_location>
#include <string>
#include <tuple>
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
/// An end that was moved from is good for assignment and destruction only.
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

    channel_statistics statistics() const noexcept; ///< Of the channel; after close() as well.

    loop_executor get_executor() const noexcept;

    void set_name(std::string name); ///< Of the channel, for all its ends: "channel 'orders'".
    std::string name() const;        ///< Empty if none was given.

protected:
    class record;
    using record_ptr = boost::intrusive_ptr<record>;

    explicit channel_end(record_ptr r) noexcept
        : record_(std::move(r))
    {}

    record_ptr record_; // null once it was moved from

private:
    friend channel_state<T>;
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
    bool has_receivers() const noexcept;

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
    bool at_end() const noexcept;

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

// Implementation

namespace detail {

struct of_end; // tag: a wait that was begun on an end of a channel

/// The shared part of a channel.
template <class T>
class channel_state
    : public primitive,
      public boost::intrusive_ref_counter<channel_state<T>, boost::thread_unsafe_counter> {
    using record = typename channel_end<T>::record;
    using record_ptr = boost::intrusive_ptr<record>;

public:
    class wait;
    class send_waiter;
    class receive_waiter;

    channel_state(const asio::any_io_executor& ex, std::size_t capacity)
        : primitive(ex)
        , capacity_(capacity)
    {}

    explicit channel_state(std::size_t capacity)
        : capacity_(capacity)
    {}

    sender<T> make_sender() { return sender<T>(open(senders_)); }

    receiver<T> make_receiver() { return receiver<T>(open(receivers_)); }

    bool has_receivers() const noexcept { return receivers_ > 0; }

    bool at_end() const noexcept { return senders_ == 0 && items_.empty(); }

    bool try_send(T&& value);
    std::optional<T> try_receive();
    void end_closed() noexcept;

    channel_statistics statistics() const noexcept;

private:
    T pop();

    record_ptr open(std::size_t& count)
    {
        record_ptr end(new record(this, count));
        ++count;
        return end;
    }

    std::size_t capacity_;
    std::deque<T> items_;                 // at most capacity_; none without receivers
    std::size_t senders_ = 0;             // open ones
    std::size_t receivers_ = 0;           // open ones
    wait_list<send_waiter> sending_;      // empty unless capacity_ items are stored
    wait_list<receive_waiter> receiving_; // empty while an item is stored or a send waits
};

/// An end as its waits see it. It stays where it is when the end is moved.
template <class T>
class channel_end<T>::record
    : public boost::intrusive_ref_counter<record, boost::thread_unsafe_counter> {
public:
    record(channel_state<T>* s, std::size_t& open_ends) noexcept
        : state(s)
        , open_ends_(&open_ends)
    {}

    bool open() const noexcept { return open_ends_ != nullptr; }

    void close() noexcept
    {
        if (!open())
            return;
        --*std::exchange(open_ends_, nullptr);
        while (auto* w = waits.pop_front())
            w->fail(errc::closed); // nothing for one that is complete
        state->end_closed();
    }

    void check_open() const
    {
        if (!open())
            throw system_error(errc::closed);
    }

    boost::intrusive_ptr<channel_state<T>> state;
    intrusive_list<typename channel_state<T>::wait, of_end> waits; // that have been in a line

private:
    std::size_t* open_ends_; // how many of its kind are open, in the state; null once closed
};

/// What both kinds of waits have in common: they belong to an end, and live as long as the state.
template <class T>
class channel_state<T>::wait : public operation, public hook<of_end> {
protected:
    wait(record_ptr end, std::source_location where) noexcept
        : operation(end->state->core_, where)
        , end_(std::move(end))
    {}

    /// Only what has not started is moved.
    wait(wait&& other) noexcept
        : wait(other.end_, other.where_)
    {}

    ~wait() { hook<of_end>::unlink(); }

    channel_state& state() const noexcept { return *end_->state; }

    /// "a channel (8 of 8 stored)"
    std::string channel_text() const
    {
        const std::string text = state().called("a channel");
        if (state().capacity_ == 0)
            return text;
        std::string stored = " (" + std::to_string(state().items_.size());
        if (state().capacity_ != unbounded)
            stored += " of " + std::to_string(state().capacity_);
        return text + stored + " stored)";
    }

    record_ptr end_;
};

template <class T>
class channel_state<T>::send_waiter : public channel_state<T>::wait {
public:
    send_waiter(record_ptr end, T&& v, std::source_location where)
        : wait(std::move(end), where)
        , value(std::move(v))
    {}

    send_waiter(send_waiter&& other) noexcept(std::is_nothrow_move_constructible_v<T>)
        : send_waiter(other.end_, std::move(other.value), other.where_)
    {}

    bool try_now() { return this->end_->open() && this->state().try_send(std::move(value)); }

    /// Nobody is left to receive.
    void break_off() noexcept
    {
        broken_ = true;
        this->complete();
    }

    T value;

protected:
    void start()
    {
        channel_state& channel = this->state();
        if (!this->end_->open())
            this->fail(errc::closed);
        else if (!channel.has_receivers())
            break_off();
        else if (channel.try_send(std::move(value)))
            this->complete();
        else {
            this->end_->waits.push_back(*this);
            channel.sending_.add(*this);
        }
    }

    void describe_to(std::string& text) const
    {
        text =
            (this->state().capacity_ == 0 ? "a receiver of " : "room in ") + this->channel_text();
    }

    error_code why() const noexcept
    {
        return broken_ ? error_code(asio::error::broken_pipe) : this->error();
    }

private:
    bool broken_ = false;
};

template <class T>
class channel_state<T>::receive_waiter : public channel_state<T>::wait {
public:
    receive_waiter(record_ptr end, std::source_location where) noexcept
        : wait(std::move(end), where)
    {}

    /// There is no item yet.
    receive_waiter(receive_waiter&& other) noexcept
        : receive_waiter(other.end_, other.where_)
    {}

    /// An item, or the end.
    bool try_now()
    {
        if (!this->end_->open())
            return false;
        item = this->state().try_receive();
        return item || this->state().at_end();
    }

    std::optional<T> take() { return std::move(item); }

    std::optional<T> item; // none, and no failure: the end

protected:
    void start()
    {
        if (!this->end_->open()) {
            this->fail(errc::closed);
        } else if (try_now()) {
            this->complete();
        } else {
            this->end_->waits.push_back(*this);
            this->state().receiving_.add(*this);
        }
    }

    void describe_to(std::string& text) const { text = "an item of " + this->channel_text(); }
};

template <class T>
bool channel_state<T>::try_send(T&& value)
{
    if (!has_receivers())
        return false;
    if (receive_waiter* receiver = receiving_.front()) {
        receiver->item.emplace(std::move(value));
        receiving_.grant(*receiver);
        return true;
    }
    if (items_.size() >= capacity_)
        return false;
    items_.push_back(std::move(value));
    return true;
}

/// The first send that waits comes in before an item goes out: at a rendezvous it is that item.
template <class T>
std::optional<T> channel_state<T>::try_receive()
{
    if (send_waiter* sender = sending_.front()) {
        items_.push_back(std::move(sender->value));
        sender->complete();
    }
    if (items_.empty())
        return std::nullopt;
    return pop();
}

template <class T>
T channel_state<T>::pop()
{
    T item(std::move(items_.front()));
    items_.pop_front();
    return item;
}

template <class T>
void channel_state<T>::end_closed() noexcept
{
    if (senders_ == 0)
        receiving_.complete_all(); // they wait, so nothing is stored: this is the end
    if (receivers_ > 0)
        return;
    while (send_waiter* sender = sending_.front())
        sender->break_off();
    while (!items_.empty())
        pop(); // it may hold an end of this channel
}

template <class T>
channel_statistics channel_state<T>::statistics() const noexcept
{
    return {
        items_.size(),
        capacity_,
        senders_,
        receivers_,
        sending_.size(),
        receiving_.size(),
        receiving_.promised(),
    };
}

template <class T>
channel_end<T>& channel_end<T>::operator=(channel_end&& other) noexcept
{
    channel_end taken(std::move(other));
    std::swap(record_, taken.record_);
    return *this;
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
channel_statistics channel_end<T>::statistics() const noexcept
{
    return record_->state->statistics();
}

template <class T>
loop_executor channel_end<T>::get_executor() const noexcept
{
    return record_->state->get_executor();
}

template <class T>
void channel_end<T>::set_name(std::string name)
{
    record_->state->set_name(std::move(name));
}

template <class T>
std::string channel_end<T>::name() const
{
    return record_->state->name();
}

} // namespace detail

template <class T>
auto sender<T>::send(T value, std::source_location where)
{
    using waiter = typename detail::channel_state<T>::send_waiter;
    return detail::wait_operation<void(error_code), waiter>(
        std::in_place, this->record_, std::move(value), where
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
    return this->record_->open() && this->record_->state->try_send(std::move(value));
}

template <class T>
bool sender<T>::try_send(const T& value)
    requires std::copy_constructible<T>
{
    return try_send(T(value));
}

template <class T>
bool sender<T>::has_receivers() const noexcept
{
    return this->record_->state->has_receivers();
}

template <class T>
sender<T> sender<T>::clone() const
{
    this->record_->check_open();
    return this->record_->state->make_sender();
}

template <class T>
auto receiver<T>::receive(std::source_location where)
{
    using waiter = typename detail::channel_state<T>::receive_waiter;
    return detail::wait_operation<void(error_code, std::optional<T>), waiter>(
        std::in_place, this->record_, where
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
    return this->is_open() ? this->record_->state->try_receive() : std::nullopt;
}

template <class T>
bool receiver<T>::at_end() const noexcept
{
    return this->record_->state->at_end();
}

template <class T>
receiver<T> receiver<T>::clone() const
{
    this->record_->check_open();
    return this->record_->state->make_receiver();
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
