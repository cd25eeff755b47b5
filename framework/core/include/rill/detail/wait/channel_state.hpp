// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/channel.hpp>
#include <rill/detail/wait/item_slot.hpp>
#include <rill/detail/wait/primitive.hpp>
#include <rill/detail/wait/wait_operation.hpp>
#include <rill/unbounded.hpp>

#include <boost/smart_ptr/intrusive_ref_counter.hpp>

#include <deque>

namespace rill::RILL_FORM::detail {

struct of_end; // tag: a wait that was begun on an end of a channel

/// The shared part of a channel.
template <class T>
class channel_state
    : public primitive,
      public boost::intrusive_ref_counter<channel_state<T>, boost::thread_unsafe_counter> {
    using record = typename channel_end<T>::record;
    using record_ptr = boost::intrusive_ptr<record>;

public:
    using primitive::note_use;

    class wait;
    class send_waiter;
    class receive_waiter;

    channel_state(const asio::any_io_executor& ex, std::size_t capacity)
        : primitive(ex)
        , capacity_(capacity)
    {}

    explicit channel_state(std::size_t capacity)
        : primitive("a channel")
        , capacity_(capacity)
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

    wait(wait&&) = default;

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

    /// An item, or the end.
    bool try_now()
    {
        if (!this->end_->open())
            return false;
        item = this->state().try_receive();
        return item || this->state().at_end();
    }

    std::optional<T> take() { return std::move(item); }

    item_slot<T> item; // none, and no failure: the end

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

} // namespace rill::RILL_FORM::detail
