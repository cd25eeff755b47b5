// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/broadcast.hpp>
#include <rill/detail/wait/item_slot.hpp>
#include <rill/detail/wait/primitive.hpp>
#include <rill/detail/wait/wait_operation.hpp>

#include <boost/smart_ptr/intrusive_ref_counter.hpp>

#include <algorithm>
#include <cassert>

namespace rill::RILL_FORM::detail {

struct among_hungry; // tag: a subscriber that waits for an item

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

    void note_use() const noexcept { state_->note_use("a broadcast"); }

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
class subscriber<T>::receive_waiter : public operation {
    using subscriber_ptr = boost::intrusive_ptr<subscriber>;

public:
    receive_waiter(subscriber_ptr s, std::source_location where) noexcept
        : operation(s->state_->core_, where)
        , subscriber_(std::move(s))
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

    item_slot<T> item; // none, and no failure: the end

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

} // namespace rill::RILL_FORM::detail
