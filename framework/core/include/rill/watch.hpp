// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/awaitable.hpp>
#include <rill/detail/form.hpp>
#include <rill/detail/wait/primitive.hpp>
#include <rill/detail/wait/wait_operation.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/smart_ptr/intrusive_ptr.hpp>
#include <boost/smart_ptr/intrusive_ref_counter.hpp>

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <source_location>
#include <string>
#include <tuple>
#include <utility>

namespace rill::RILL_FORM {

struct watch_statistics {
    std::uint64_t changes; ///< How often the value was set or modified.
    std::size_t watchers;  ///< Those that are open.
    std::size_t waiting;   ///< Waits for a change.
};

namespace detail {

template <std::movable T>
class watch_state;
template <std::movable T>
class watcher_record;

} // namespace detail

/// Sees the latest value of a watch. Made by subscribe().
///
/// It remembers which version of the value it has seen; the one at subscribe() counts as seen. One
/// that was moved from is good for assignment and destruction only; waits that are pending on it go
/// with it.
template <std::movable T>
class [[nodiscard]] watcher {
public:
    watcher(watcher&&) noexcept = default;
    watcher& operator=(watcher&& other) noexcept; ///< Closes this one.
    ~watcher() { close(); }

    /// The latest value, which counts as seen from now on. The reference is good until the next
    /// wait: copy what is to last.
    const T& get() noexcept;

    /// Whether there is a version that this watcher has not seen.
    bool has_changed() const noexcept;

    /// Returns once has_changed(); at once, without suspending, if it is so. It marks nothing as
    /// seen, get() does: a cancelled wait has missed nothing, and a loop without get() never waits.
    /// Errors: errc::closed once the watch is closed and its last version seen, or if this watcher
    /// is closed.
    auto changed(std::source_location where = std::source_location::current());

    /// Completes with void(error_code) once has_changed().
    template <asio::completion_token_for<void(error_code)> Token>
    auto async_changed(Token&& token);

    /// Gives a copy of the first value for which `p(value)` holds: the present one, or the latest
    /// at some later turn, since values in between may be skipped. What it looks at is marked as
    /// seen. Errors: as changed().
    template <std::predicate<const T&> Predicate>
        requires std::copy_constructible<T>
    awaitable<T>
    wait_until(Predicate p, std::source_location where = std::source_location::current());

    /// What waits on this watcher ends with errc::closed. May be repeated; destruction does the
    /// same.
    void close() noexcept;

    bool is_open() const noexcept; ///< False once it was closed or moved from.

private:
    using record_ptr = boost::intrusive_ptr<detail::watcher_record<T>>;
    friend detail::watch_state<T>;

    explicit watcher(record_ptr r) noexcept
        : record_(std::move(r))
    {}

    record_ptr record_; // null once it was moved from
};

/// A value of which only the latest version counts: settings, a state, a progress. What tokio's
/// watch channel is.
///
///     rill::watch<config> settings(ex, load());
///     auto mine = settings.subscribe();
///     for (;;) { apply(mine.get()); co_await mine.changed(); }
///
/// Setting never waits, and whoever is slow skips the versions in between. All who wait are woken,
/// in the order of waiting, and run later. Its end closes it. Every operation supports total
/// cancellation.
/// Thread safety: distinct objects safe, shared objects unsafe; all on the thread of one loop.
template <std::movable T>
class watch {
public:
    /// On the loop of `ex`.
    watch(const asio::any_io_executor& ex, T initial);

    /// On the loop that this thread runs.
    explicit watch(T initial);

    watch(const watch&) = delete;
    watch& operator=(const watch&) = delete;
    ~watch() { close(); }

    /// A new version, even if the value is an equal one. Throws system_error with errc::closed
    /// after close().
    void set(T value);

    /// Calls `f(value)`, which may change it. A new version, unless f gives false; gives whether it
    /// is one. If f throws, nobody is told of what it has changed. Throws as set().
    template <std::invocable<T&> F>
    bool modify(F f);

    /// The latest value. The reference is good until the next wait: copy what is to last.
    const T& get() const noexcept;

    /// Takes the present version as seen.
    watcher<T> subscribe();

    /// Nothing is set any more. Waits end with errc::closed, as those do that begin once a watcher
    /// has seen the last version. May be repeated; destruction does the same.
    void close() noexcept;

    bool is_closed() const noexcept;

    watch_statistics statistics() const noexcept;

    detail::loop_executor get_executor() const noexcept;

    void set_name(std::string name); ///< Shown in messages and dumps: "watch 'settings'".
    std::string name() const;        ///< Empty if none was given.

private:
    boost::intrusive_ptr<detail::watch_state<T>> state_;
};

// Implementation

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
        : value_(std::move(initial))
    {}

    const T& value() const noexcept { return value_; }

    bool closed() const noexcept { return closed_; }

    void set(T&& value)
    {
        check_open();
        value_ = std::move(value);
        tell();
    }

    template <class F>
    bool modify(F& f)
    {
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

    /// Only what has not started is moved.
    change_waiter(change_waiter&& other) noexcept
        : change_waiter(other.record_, other.where_)
    {}

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
const T& watcher<T>::get() noexcept
{
    return record_->look();
}

template <std::movable T>
bool watcher<T>::has_changed() const noexcept
{
    return record_->has_changed();
}

template <std::movable T>
auto watcher<T>::changed(std::source_location where)
{
    using waiter = typename detail::watch_state<T>::change_waiter;
    return detail::wait_operation<void(error_code), waiter>(std::in_place, record_, where);
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
    return detail::watcher_record<T>::wait_until(record_, std::move(p), where);
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
