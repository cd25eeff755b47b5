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
/// that was moved from is closed, and may be assigned to: all else throws invalid_state. Waits that
/// are pending on it go with it.
template <std::movable T>
class [[nodiscard]] watcher {
public:
    watcher(watcher&&) noexcept = default;
    watcher& operator=(watcher&& other) noexcept; ///< Closes this one.
    ~watcher() { close(); }

    /// The latest value, which counts as seen from now on. The reference is good until the next
    /// wait: copy what is to last.
    const T& get();

    /// Whether there is a version that this watcher has not seen.
    bool has_changed() const;

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

    /// Throws invalid_state if it was moved from.
    const record_ptr& checked() const;

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

} // namespace rill::RILL_FORM

#include <rill/impl/watch.hpp>
