// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/awaitable.hpp>
#include <rill/clock.hpp>
#include <rill/detail/form.hpp>
#include <rill/detail/loop/timer_queue.hpp>
#include <rill/detail/wait/primitive.hpp>
#include <rill/detail/wait/wait_operation.hpp>

#include <boost/asio/any_io_executor.hpp>

#include <cstddef>
#include <cstdint>
#include <source_location>
#include <string>
#include <tuple>
#include <utility>

namespace rill::RILL_FORM {

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
    auto
    acquire(std::ptrdiff_t n = 1, std::source_location where = std::source_location::current());

    /// Completes with void(error_code) once the handler's side has been given `n` permits.
    template <asio::completion_token_for<void(error_code)> Token>
    auto async_acquire(std::ptrdiff_t n, Token&& token);

    template <asio::completion_token_for<void(error_code)> Token>
    auto async_acquire(Token&& token) ///< One.
    {
        return async_acquire(1, std::forward<Token>(token));
    }

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

    bool try_now() { return limiter_->try_acquire(count); }

    std::ptrdiff_t count;

protected:
    void start();

    /// What it waited for may suffice for those behind it.
    void on_cancel();

    void describe_to(std::string& text) const;

private:
    rate_limiter* limiter_;
};

inline rate_limiter::rate_limiter(std::ptrdiff_t n, duration interval, std::ptrdiff_t burst)
    : rate_limiter(detail::loop_core::running_for("a rate_limiter").executor(), n, interval, burst)
{}

inline void rate_limiter::on_due(detail::timer_node& node)
{
    static_cast<rate_limiter&>(node).serve();
}

inline std::ptrdiff_t rate_limiter::burst() const noexcept
{
    return burst_;
}

inline auto rate_limiter::acquire(std::ptrdiff_t n, std::source_location where)
{
    return detail::wait_operation<void(error_code), waiter>(std::in_place, *this, n, where);
}

template <asio::completion_token_for<void(error_code)> Token>
auto rate_limiter::async_acquire(std::ptrdiff_t n, Token&& token)
{
    return acquire(n, std::source_location()).initiate(std::forward<Token>(token));
}

} // namespace rill::RILL_FORM

#ifndef RILL_SEPARATE_COMPILATION
#include <rill/impl/rate_limiter.ipp>
#endif
