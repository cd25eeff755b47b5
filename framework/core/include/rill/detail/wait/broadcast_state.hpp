// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/broadcast.hpp>
#include <rill/detail/wait/subscriber.hpp>

#include <cassert>
#include <deque>
#include <stdexcept>
#include <string>

namespace rill::RILL_FORM::detail {

/// The part of a broadcast that its subscribers share with it, and that lives as long as they do.
template <std::copyable T>
class broadcast_state
    : public primitive,
      public boost::intrusive_ref_counter<broadcast_state<T>, boost::thread_unsafe_counter> {
    using state_ptr = boost::intrusive_ptr<broadcast_state>;

public:
    using primitive::note_use;

    class send_waiter;
    friend subscriber<T>;

    broadcast_state(const asio::any_io_executor& ex, std::size_t capacity, lag_policy policy)
        : primitive(ex)
        , capacity_(checked(capacity))
        , policy_(policy)
    {}

    broadcast_state(std::size_t capacity, lag_policy policy)
        : primitive("a broadcast")
        , capacity_(checked(capacity))
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

template <std::copyable T>
class broadcast_state<T>::send_waiter : public operation {
public:
    send_waiter(state_ptr s, T&& v, std::source_location where)
        : operation(s->core_, where)
        , value(std::move(v))
        , state_(std::move(s))
    {}

    bool try_now() { return state_->try_send(std::move(value)); }

    T value;

protected:
    void start()
    {
        if (state_->closed_)
            this->fail(errc::closed);
        else
            state_->senders_.complete_or_add(*this);
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

} // namespace rill::RILL_FORM::detail
