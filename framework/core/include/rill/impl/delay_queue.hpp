// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/delay_queue.hpp>

namespace rill::RILL_FORM {

template <std::movable T>
class delay_queue<T>::get_waiter : public detail::operation {
public:
    get_waiter(delay_queue& q, std::source_location where) noexcept
        : operation(q.core_, where)
        , queue_(&q)
    {}

    bool try_now()
    {
        item = queue_->try_get();
        return item.has_value();
    }

    T take() { return std::move(*item); }

    detail::item_slot<T> item;

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
        if (queue_->shut_down_)
            this->fail(errc::shut_down);
        else
            queue_->putters_.complete_or_add(*this);
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
    : primitive("a delay_queue")
    , timer_node(&on_due)
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
    note_use("a delay queue");
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
    note_use("a delay queue");
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
