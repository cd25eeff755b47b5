// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/detail/loop/referent.hpp>
#include <rill/watch.hpp>

namespace rill::RILL_FORM {

namespace detail {

struct of_watcher; // tag: a wait that was begun on a watcher

/// The part of a watch that its watchers share with it, and that lives as long as they do.
template <std::movable T>
class watch_state
    : public primitive,
      public boost::intrusive_ref_counter<watch_state<T>, boost::thread_unsafe_counter> {
public:
    class change_waiter;
    friend watcher_record<T>;

    watch_state(const asio::any_io_executor& ex, T&& initial)
        : primitive(ex)
        , value_(std::move(initial))
    {}

    explicit watch_state(T&& initial)
        : primitive("a watch")
        , value_(std::move(initial))
    {}

    const T& value() const noexcept { return value_; }

    bool closed() const noexcept { return closed_; }

    void set(T&& value)
    {
        note_use("a watch");
        check_open();
        value_ = std::move(value);
        tell();
    }

    template <class F>
    bool modify(F& f)
    {
        note_use("a watch");
        check_open();
        bool changed = true;
        if constexpr (std::same_as<std::invoke_result_t<F&, T&>, bool>)
            changed = std::invoke(f, value_);
        else
            std::invoke(f, value_);
        if (changed)
            tell();
        return changed;
    }

    /// Those who wait have seen the last version.
    void close() noexcept
    {
        closed_ = true;
        waiting_.fail_all(errc::closed);
    }

    watcher<T> subscribe()
    {
        return watcher<T>(boost::intrusive_ptr<watcher_record<T>>(new watcher_record<T>(this)));
    }

    watch_statistics statistics() const noexcept { return {version_, watchers_, waiting_.size()}; }

private:
    void check_open() const
    {
        if (closed_)
            throw system_error(errc::closed);
    }

    void tell() noexcept
    {
        ++version_;
        waiting_.complete_all();
    }

    T value_;
    std::uint64_t version_ = 0;
    bool closed_ = false;
    std::size_t watchers_ = 0;         // open ones
    wait_list<change_waiter> waiting_; // their watchers have seen this version
};

/// A watcher as its waits see it. It stays where it is when the watcher is moved.
template <std::movable T>
class watcher_record
    : public boost::intrusive_ref_counter<watcher_record<T>, boost::thread_unsafe_counter> {
    using change_waiter = typename watch_state<T>::change_waiter;
    friend change_waiter;

public:
    explicit watcher_record(watch_state<T>* state) noexcept
        : state_(state)
        , seen_(state->version_)
    {
        ++state_->watchers_;
    }

    bool open() const noexcept { return open_; }

    bool has_changed() const noexcept { return seen_ != state_->version_; }

    const T& look() noexcept
    {
        seen_ = state_->version_;
        return state_->value_;
    }

    void close() noexcept
    {
        if (!std::exchange(open_, false))
            return;
        --state_->watchers_;
        while (change_waiter* w = waits_.pop_front())
            w->fail(errc::closed); // nothing for one that is complete
    }

    template <class Predicate>
    static awaitable<T>
    wait_until(boost::intrusive_ptr<watcher_record> r, Predicate p, std::source_location where)
    {
        while (!r->open_ || !std::invoke(p, r->look()))
            co_await request_wait<change_waiter>(r, where);
        co_return r->look();
    }

private:
    boost::intrusive_ptr<watch_state<T>> state_;
    std::uint64_t seen_;
    bool open_ = true;
    intrusive_list<change_waiter, of_watcher> waits_; // that have been in the line
};

template <std::movable T>
class watch_state<T>::change_waiter : public operation, public hook<of_watcher> {
    using record_ptr = boost::intrusive_ptr<watcher_record<T>>;

public:
    change_waiter(record_ptr r, std::source_location where) noexcept
        : operation(r->state_->core_, where)
        , record_(std::move(r))
    {}

    change_waiter(change_waiter&&) = default;

    ~change_waiter() { hook<of_watcher>::unlink(); }

    bool try_now() const noexcept { return record_->open() && record_->has_changed(); }

protected:
    void start()
    {
        watch_state& state = *record_->state_;
        if (!record_->open()) {
            this->fail(errc::closed);
        } else if (record_->has_changed()) {
            this->complete();
        } else if (state.closed_) {
            this->fail(errc::closed);
        } else {
            record_->waits_.push_back(*this);
            state.waiting_.add(*this);
        }
    }

    void describe_to(std::string& text) const
    {
        text = "a change of " + record_->state_->called("a watch");
    }

private:
    record_ptr record_;
};

} // namespace detail

template <std::movable T>
watcher<T>& watcher<T>::operator=(watcher&& other) noexcept
{
    watcher taken(std::move(other));
    std::swap(record_, taken.record_);
    return *this;
}

template <std::movable T>
auto watcher<T>::checked() const -> const record_ptr&
{
    return detail::referent(record_, "this watcher");
}

template <std::movable T>
const T& watcher<T>::get()
{
    return checked()->look();
}

template <std::movable T>
bool watcher<T>::has_changed() const
{
    return checked()->has_changed();
}

template <std::movable T>
auto watcher<T>::changed(std::source_location where)
{
    using waiter = typename detail::watch_state<T>::change_waiter;
    return detail::wait_operation<void(error_code), waiter>(std::in_place, checked(), where);
}

template <std::movable T>
template <asio::completion_token_for<void(error_code)> Token>
auto watcher<T>::async_changed(Token&& token)
{
    return changed(std::source_location()).initiate(std::forward<Token>(token));
}

template <std::movable T>
template <std::predicate<const T&> Predicate>
    requires std::copy_constructible<T>
awaitable<T> watcher<T>::wait_until(Predicate p, std::source_location where)
{
    return detail::watcher_record<T>::wait_until(checked(), std::move(p), where);
}

template <std::movable T>
void watcher<T>::close() noexcept
{
    if (const record_ptr r = record_)
        r->close();
}

template <std::movable T>
bool watcher<T>::is_open() const noexcept
{
    return record_ && record_->open();
}

template <std::movable T>
watch<T>::watch(const asio::any_io_executor& ex, T initial)
    : state_(new detail::watch_state<T>(ex, std::move(initial)))
{}

template <std::movable T>
watch<T>::watch(T initial)
    : state_(new detail::watch_state<T>(std::move(initial)))
{}

template <std::movable T>
void watch<T>::set(T value)
{
    state_->set(std::move(value));
}

template <std::movable T>
template <std::invocable<T&> F>
bool watch<T>::modify(F f)
{
    return state_->modify(f);
}

template <std::movable T>
const T& watch<T>::get() const noexcept
{
    return state_->value();
}

template <std::movable T>
watcher<T> watch<T>::subscribe()
{
    return state_->subscribe();
}

template <std::movable T>
void watch<T>::close() noexcept
{
    state_->close();
}

template <std::movable T>
bool watch<T>::is_closed() const noexcept
{
    return state_->closed();
}

template <std::movable T>
watch_statistics watch<T>::statistics() const noexcept
{
    return state_->statistics();
}

template <std::movable T>
detail::loop_executor watch<T>::get_executor() const noexcept
{
    return state_->get_executor();
}

template <std::movable T>
void watch<T>::set_name(std::string name)
{
    state_->set_name(std::move(name));
}

template <std::movable T>
std::string watch<T>::name() const
{
    return state_->name();
}

} // namespace rill::RILL_FORM
