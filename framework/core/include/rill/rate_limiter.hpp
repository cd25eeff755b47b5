// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/awaitable.hpp>
#include <rill/clock.hpp>
#include <rill/detail/primitive.hpp>
#include <rill/detail/timer_queue.hpp>
#include <rill/detail/wait_operation.hpp>

#include <boost/asio/any_io_executor.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <source_location>
#include <stdexcept>
#include <string>
#include <tuple>
#include <utility>

namespace rill {

struct rate_limiter_statistics {
    std::ptrdiff_t available; ///< Whole permits saved up, for whoever is first in line.
    std::size_t waiting;      ///< Those who wait for permits.
    std::size_t promised;     ///< Those who were given theirs and have not run since.
};

/// So many permits in so much time, for the tasks of one loop: a token bucket. What asyncio leaves
/// to aiolimiter.
///
///     rill::rate_limiter calls(loop.get_executor(), 100, 1s, 20); // 100 a second, 20 at once
///     co_await calls.acquire();
///
/// Permits come evenly, one each `interval / n`, whoever waits or not; up to `burst` of them are
/// saved up, and it starts with that many. Time is the loop's; it is counted in whole numbers, so
/// that no rounding adds up: after any number of permits the rate is exact.
///
/// Permits are given in the order of waiting: while somebody waits for many, nobody overtakes with
/// a wish for few. Every operation supports total cancellation; who had been given permits before
/// the cancel arrived has them, and nobody gives any back. Those who wait when it is destroyed end
/// with operation_aborted.
/// Thread safety: distinct objects safe, shared objects unsafe; all on the thread of one loop.
class rate_limiter : public detail::primitive, private detail::timer_node {
    class waiter;

public:
    /// On the loop of `ex`: `n` permits each `interval`, of which at most `burst` are saved up.
    /// Throws std::invalid_argument unless all three are positive.
    rate_limiter(
        const asio::any_io_executor& ex, std::ptrdiff_t n, duration interval, std::ptrdiff_t burst
    );

    /// On the loop that this thread runs.
    rate_limiter(std::ptrdiff_t n, duration interval, std::ptrdiff_t burst);

    ~rate_limiter();

    /// Returns once the caller has been given `n` permits; at once, without suspending, if they are
    /// there and nobody waits. Throws std::invalid_argument if `n` is below 1, or above `burst`,
    /// which could never be had; as all operations do.
    awaitable<void>
    acquire(std::ptrdiff_t n = 1, std::source_location where = std::source_location::current());

    /// Completes with void(error_code) once the handler's side has been given `n` permits.
    template <asio::completion_token_for<void(error_code)> Token>
    auto async_acquire(std::ptrdiff_t n, Token&& token);

    template <asio::completion_token_for<void(error_code)> Token>
    auto async_acquire(Token&& token) ///< One.
    {
        return async_acquire(1, std::forward<Token>(token));
    }

    /// Without a token: an operation to be awaited, or given to select.
    auto async_acquire(
        std::ptrdiff_t n = 1, std::source_location where = std::source_location::current()
    );

    /// False, and nothing is taken, if fewer than `n` are there or somebody waits.
    bool try_acquire(std::ptrdiff_t n = 1);

    /// Whole permits that are saved up at this moment. As long as somebody waits they are his.
    std::ptrdiff_t available() const noexcept;

    std::ptrdiff_t burst() const noexcept;

    rate_limiter_statistics statistics() const noexcept;

    /// In words; see to_string.
    std::string description() const;

private:
    // An amount of permits, each of which is interval_ parts: a nanosecond brings n_ parts. The
    // largest sums are below 2^127.
    __extension__ using parts = unsigned __int128;

    void check_settings() const;
    std::ptrdiff_t checked(std::ptrdiff_t n) const;
    parts parts_of(std::ptrdiff_t permits) const noexcept;
    parts saved_at(time_point now) const noexcept;
    bool take(std::ptrdiff_t n, time_point now) noexcept;
    duration time_until(std::ptrdiff_t n) const noexcept;
    void serve();
    static void on_due(detail::timer_node& node);

    std::ptrdiff_t n_;
    std::int64_t interval_; // nanoseconds
    std::ptrdiff_t burst_;
    parts saved_;                       // at since_
    time_point since_;                  // the last time that permits were taken, or tried for
    bool dying_ = false;                // it gives nothing any more
    detail::wait_list<waiter> waiters_; // the first one wants more than is saved
    // As a timer it is armed while somebody waits, for the first of them.
};

// Implementation

class rate_limiter::waiter : public detail::operation {
public:
    waiter(rate_limiter& r, std::ptrdiff_t n, std::source_location where)
        : operation(r.core_, where)
        , count(r.checked(n))
        , limiter_(&r)
    {}

    std::ptrdiff_t count;

protected:
    void start()
    {
        if (limiter_->try_acquire(count)) {
            complete();
            return;
        }
        limiter_->waiters_.add(*this);
        if (limiter_->waiters_.front() == this)
            limiter_->serve();
    }

    /// What it waited for may suffice for those behind it.
    void on_cancel()
    {
        const bool was_first = limiter_->waiters_.front() == this;
        abort();
        if (was_first)
            limiter_->serve();
    }

    void describe_to(std::string& text) const
    {
        text = limiter_->called("a rate limiter");
        if (count > 1)
            text = std::to_string(count) + " permits of " + text;
    }

    template <class Signature>
    std::tuple<error_code> results() const
    {
        return {error()};
    }

private:
    rate_limiter* limiter_;
};

inline rate_limiter::rate_limiter(
    const asio::any_io_executor& ex, std::ptrdiff_t n, duration interval, std::ptrdiff_t burst
)
    : primitive(ex)
    , timer_node(&on_due)
    , n_(n)
    , interval_(std::chrono::nanoseconds(interval).count())
    , burst_(burst)
    , saved_(parts_of(burst))
    , since_(core_->now())
{
    check_settings();
}

inline rate_limiter::rate_limiter(std::ptrdiff_t n, duration interval, std::ptrdiff_t burst)
    : rate_limiter(detail::loop_core::running().executor(), n, interval, burst)
{}

/// A wait of a select that is aborted cancels its siblings, and these would have those behind them
/// served.
inline rate_limiter::~rate_limiter()
{
    dying_ = true;
    waiters_.abort_all();
    if (armed())
        core_->disarm(*this);
}

inline void rate_limiter::check_settings() const
{
    if (n_ < 1 || interval_ < 1 || burst_ < 1)
        throw std::invalid_argument(
            "rill::rate_limiter: " + std::to_string(n_) + " permits in " +
            std::to_string(interval_) + "ns with a burst of " + std::to_string(burst_) +
            "; each must be positive"
        );
}

inline std::ptrdiff_t rate_limiter::checked(std::ptrdiff_t n) const
{
    if (n < 1 || n > burst_)
        throw std::invalid_argument(
            "rill::rate_limiter: " + std::to_string(n) + " permits; from 1 to " +
            std::to_string(burst_) + ", its burst, can be acquired"
        );
    return n;
}

inline rate_limiter::parts rate_limiter::parts_of(std::ptrdiff_t permits) const noexcept
{
    return static_cast<parts>(permits) * static_cast<parts>(interval_);
}

inline rate_limiter::parts rate_limiter::saved_at(time_point now) const noexcept
{
    const std::int64_t passed = std::chrono::nanoseconds(now - since_).count();
    const parts earned = passed > 0 ? static_cast<parts>(passed) * static_cast<parts>(n_) : 0;
    return std::min(parts_of(burst_), saved_ + earned);
}

inline bool rate_limiter::take(std::ptrdiff_t n, time_point now) noexcept
{
    saved_ = saved_at(now);
    since_ = std::max(since_, now);
    if (saved_ < parts_of(n))
        return false;
    saved_ -= parts_of(n);
    return true;
}

/// Until `n` permits have been saved up, if none is taken before; rounded up to the nanosecond.
inline duration rate_limiter::time_until(std::ptrdiff_t n) const noexcept
{
    const parts missing = parts_of(n) - saved_;
    const parts wait = (missing + static_cast<parts>(n_) - 1) / static_cast<parts>(n_);
    const auto most = static_cast<parts>(forever.count());
    return std::chrono::nanoseconds(static_cast<std::int64_t>(std::min(wait, most)));
}

inline bool rate_limiter::try_acquire(std::ptrdiff_t n)
{
    checked(n);
    return waiters_.empty() && take(n, core_->now());
}

/// Gives to those who wait what is there, in their order, and waits for what the next one wants.
inline void rate_limiter::serve()
{
    if (dying_)
        return;
    core_->disarm(*this);
    const time_point now = core_->now();
    while (waiter* first = waiters_.front()) {
        if (!take(first->count, now)) {
            core_->disarm(*this); // a grant to a select has its siblings leave, which serves others
            core_->arm(*this, detail::deadline_after(now, time_until(first->count)));
            return;
        }
        waiters_.grant(*first);
    }
}

inline void rate_limiter::on_due(detail::timer_node& node)
{
    static_cast<rate_limiter&>(node).serve();
}

inline std::ptrdiff_t rate_limiter::available() const noexcept
{
    return static_cast<std::ptrdiff_t>(saved_at(core_->now()) / static_cast<parts>(interval_));
}

inline std::ptrdiff_t rate_limiter::burst() const noexcept
{
    return burst_;
}

inline std::string rate_limiter::description() const
{
    return called("a rate limiter") + " (" + std::to_string(available()) + " of " +
           std::to_string(burst_) + " saved up" + detail::and_waiting(waiters_.size()) + ")";
}

inline rate_limiter_statistics rate_limiter::statistics() const noexcept
{
    return {available(), waiters_.size(), waiters_.promised()};
}

inline auto rate_limiter::async_acquire(std::ptrdiff_t n, std::source_location where)
{
    return detail::wait_operation<void(error_code), waiter>(std::in_place, *this, n, where);
}

template <asio::completion_token_for<void(error_code)> Token>
auto rate_limiter::async_acquire(std::ptrdiff_t n, Token&& token)
{
    return async_acquire(n, std::source_location()).initiate(std::forward<Token>(token));
}

inline awaitable<void> rate_limiter::acquire(std::ptrdiff_t n, std::source_location where)
{
    if (!try_acquire(n))
        co_await detail::request_wait<waiter>(*this, n, where);
}

} // namespace rill
