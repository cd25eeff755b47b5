// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/awaitable.hpp>
#include <rill/detail/pool_core.hpp>
#include <rill/pool_options.hpp>

#include <boost/asio/any_io_executor.hpp>

#include <concepts>
#include <optional>
#include <source_location>
#include <string>
#include <type_traits>
#include <utility>

namespace rill {

namespace net_detail {

template <class T>
class kept final : public pool_slot {
public:
    std::optional<T> value; // empty while it is being opened only
};

template <class F>
using opened_by = awaited_t<std::invoke_result_t<F&>>;

} // namespace net_detail

template <std::move_constructible T>
class pool;

/// Something of a pool's, until its end: then the pool has it again.
template <std::move_constructible T>
class [[nodiscard]] pool_lease {
public:
    pool_lease() = default; ///< Of nothing.

    explicit operator bool() const noexcept { return slot_ != nullptr; }

    T& operator*() const noexcept { return *kept().value; }

    T* operator->() const noexcept { return &*kept().value; }

    /// Gives it back now, and not at the end; nothing if it has nothing.
    void release() noexcept { slot_.reset(); }

    /// Closes it now, as it is broken. What is idle at that moment is checked before it is used.
    void discard() noexcept;

    /// Takes it out of the pool, which may open another one in its place.
    T detach();

private:
    friend pool<T>;

    explicit pool_lease(net_detail::leased_slot s) noexcept
        : slot_(std::move(s))
    {}

    net_detail::kept<T>& kept() const noexcept { return static_cast<net_detail::kept<T>&>(*slot_); }

    net_detail::leased_slot slot_;
};

/// What opens things for a pool of `T`: a callable whose coroutine gives one. Where it has more
/// members, they say how its things are treated:
///
///     bool reusable(T&)            whether the next one may have it as it is; asked when it comes
///                                  back and again before it is given away. Without it: always.
///     awaitable<bool> restore(T&)  brings into order what came back and is not reusable, an answer
///                                  that is still to be read, say; false: it cannot be. Without it:
///                                  that is closed.
///     awaitable<bool> check(T&)    whether it is alive; see pool_options::check_after. Without it:
///                                  what is reusable is alive.
///
/// One of them that throws has said no. They are kept as long as anything of the pool is left.
template <class F, class T>
concept pool_source = coroutine_function<F&> && std::same_as<net_detail::opened_by<F>, T>;

/// Keeps connections, or whatever else is dear to open, and lends them to the tasks of one loop.
/// Mirrors asyncpg.Pool.
///
///     rill::pool db([] { return connect("db.example.com"); },
///                   rill::pool_options().name("orders").connections(2, 20));
///     auto connection = co_await db.acquire();
///     co_await connection->execute("...");
///
/// The one that was used last goes out first, so that those which are not needed grow idle and are
/// closed. Who waits is served in the order of arrival, and gets what is there first: one that
/// comes back, or a new one. Opening and checking are tasks of the pool's own, in a copy of the
/// context in which it was made: whoever is cancelled meanwhile leaves nothing behind but one that
/// the next may have.
///
/// When one could not be opened, the first who waits gets the error, and for the next it is tried
/// again, later each time (0.1 s, doubled up to 5 s, less a random part of up to a half) and one by
/// one; once that has succeeded, two at a time, four, and so on. So a server that comes back is not
/// overrun. Where nobody waits, for the least say, it is logged.
///
/// Where one was discarded, or could not be brought into order, the server may have been restarted:
/// what is idle then is checked before it is used, however lately it was. What is closed is
/// destroyed, which must not need to wait. While something is idle that has its time, the loop has
/// work: a program that runs an io_context until that has none closes the pool.
///
/// Destroyed, it closes what is idle, cancels what is being opened, and those who wait end with
/// operation_aborted. Leases go on, and what comes back is closed. So it is when the loop ends.
/// Thread safety: distinct objects safe, shared objects unsafe; all on the thread of one loop.
template <std::move_constructible T>
class pool {
    class waiter;

public:
    using value_type = T;

    /// On the loop of `ex`. Begins to open the least at once. Throws std::invalid_argument for
    /// options that make no sense.
    template <pool_source<T> F>
    pool(const asio::any_io_executor& ex, F source, const pool_options& options = {});

    /// On the loop that this thread runs.
    template <pool_source<T> F>
    explicit pool(F source, const pool_options& options = {});

    pool(pool&&) noexcept = default;
    pool& operator=(pool&& other) noexcept;
    ~pool();

    /// Gives a lease; at once, without suspending, if something is idle that needs no check.
    ///
    /// Errors: what the source threw, unchanged, where it could not open one (with a completion
    ///         token its code; asio::error::not_connected for what has none); timeout_error after
    ///         acquire_timeout, which says how things stood; errc::closed after close() and drain().
    /// Cancellation: total.
    auto acquire(std::source_location where = std::source_location::current());

    /// Completes with void(error_code, pool_lease<T>).
    template <asio::completion_token_for<void(error_code, pool_lease<T>)> Token>
    auto async_acquire(Token&& token);

    /// Empty where acquire() would wait.
    std::optional<pool_lease<T>> try_acquire();

    /// Closes what is idle and what is being opened; what is leased, as it comes back. Nobody gets
    /// anything any more: errc::closed, also for those who wait.
    void close() noexcept { core_->close(); }

    /// The same, but those who wait already are served. Returns once nothing is left. Cancelled, it
    /// leaves the pool as it is then: newcomers are refused.
    awaitable<void> drain() { return net_detail::pool_core::drain(core_); }

    pool_statistics statistics() const noexcept { return core_->statistics(); }

    /// In words: "pool 'orders' (3 of 20 leased, 2 idle, 1 being opened)".
    std::string description() const { return core_->description(); }

private:
    template <class F>
    class core;

    template <class F>
    pool(extend::loop_core& loop, F&& source, const pool_options& options);

    net_detail::pool_ptr core_; // null once moved from
};

template <class F>
pool(F) -> pool<net_detail::opened_by<F>>;
template <class F>
pool(F, const pool_options&) -> pool<net_detail::opened_by<F>>;
template <class F>
pool(const asio::any_io_executor&, F) -> pool<net_detail::opened_by<F>>;
template <class F>
pool(const asio::any_io_executor&, F, const pool_options&) -> pool<net_detail::opened_by<F>>;

template <std::move_constructible T>
std::string to_string(const pool<T>& p)
{
    return p.description();
}

// Implementation

template <std::move_constructible T>
void pool_lease<T>::discard() noexcept
{
    if (!slot_)
        return;
    const net_detail::pool_ptr pool = slot_.get_deleter().pool;
    pool->discard(net_detail::slot_ptr(slot_.release()));
}

template <std::move_constructible T>
T pool_lease<T>::detach()
{
    T value(std::move(**this));
    const net_detail::pool_ptr pool = slot_.get_deleter().pool;
    pool->let_go(net_detail::slot_ptr(slot_.release()));
    return value;
}

/// The part of a pool that knows what it keeps, and how that is made.
template <std::move_constructible T>
template <class F>
class pool<T>::core final : public net_detail::pool_core {
    using slot_ptr = net_detail::slot_ptr;
    using pool_slot = net_detail::pool_slot;

    static constexpr bool tells_reusable = requires(F& f, T& value) {
        { f.reusable(value) } -> std::convertible_to<bool>;
    };
    static constexpr bool checks = requires(F& f, T& value) { f.check(value); };
    static constexpr bool restores = requires(F& f, T& value) { f.restore(value); };

public:
    core(extend::loop_core& loop, F&& source, const pool_options& options)
        : pool_core(loop, options, checks, restores)
        , source_(std::move(source))
    {}

private:
    static net_detail::kept<T>& kept(pool_slot& s) noexcept
    {
        return static_cast<net_detail::kept<T>&>(s);
    }

    slot_ptr make_slot() override { return std::make_unique<net_detail::kept<T>>(); }

    awaitable<void> open(pool_slot& s) override { kept(s).value.emplace(co_await source_()); }

    awaitable<bool> check(pool_slot& s) override
    {
        if constexpr (checks)
            co_return co_await source_.check(*kept(s).value);
        else
            co_return true;
    }

    awaitable<bool> restore(pool_slot& s) override
    {
        if constexpr (restores)
            co_return co_await source_.restore(*kept(s).value);
        else
            co_return false;
    }

    bool reusable(pool_slot& s) override
    {
        if constexpr (tells_reusable)
            return source_.reusable(*kept(s).value);
        else
            return true;
    }

    F source_;
};

template <std::move_constructible T>
class pool<T>::waiter : public net_detail::pool_core::wait {
public:
    using wait::wait;

    pool_lease<T> take() noexcept { return pool_lease<T>(std::move(this->slot_)); }
};

template <std::move_constructible T>
template <class F>
pool<T>::pool(extend::loop_core& loop, F&& source, const pool_options& options)
    : core_(new core<F>(loop, std::move(source), options))
{
    core_->start();
}

template <std::move_constructible T>
template <pool_source<T> F>
pool<T>::pool(const asio::any_io_executor& ex, F source, const pool_options& options)
    : pool(extend::loop_core::of(ex), std::move(source), options)
{}

template <std::move_constructible T>
template <pool_source<T> F>
pool<T>::pool(F source, const pool_options& options)
    : pool(extend::loop_core::running_for("a pool"), std::move(source), options)
{}

template <std::move_constructible T>
pool<T>& pool<T>::operator=(pool&& other) noexcept
{
    const pool before(std::move(*this));
    core_ = std::move(other.core_);
    return *this;
}

template <std::move_constructible T>
pool<T>::~pool()
{
    if (core_)
        core_->abandon();
}

template <std::move_constructible T>
auto pool<T>::acquire(std::source_location where)
{
    return extend::wait_operation<void(error_code, pool_lease<T>), waiter>(
        std::in_place, core_, where
    );
}

template <std::move_constructible T>
template <asio::completion_token_for<void(error_code, pool_lease<T>)> Token>
auto pool<T>::async_acquire(Token&& token)
{
    return acquire(std::source_location()).initiate(std::forward<Token>(token));
}

template <std::move_constructible T>
std::optional<pool_lease<T>> pool<T>::try_acquire()
{
    if (net_detail::leased_slot s = core_->try_take())
        return pool_lease<T>(std::move(s));
    return std::nullopt;
}

} // namespace rill
