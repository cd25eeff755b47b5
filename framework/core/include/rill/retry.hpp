// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/awaitable.hpp>
#include <rill/clock.hpp>
#include <rill/detail/form.hpp>
#include <rill/random.hpp>
#include <rill/sleep.hpp>

#include <boost/asio/this_coro.hpp>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <concepts>
#include <cstdint>
#include <exception>
#include <functional>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>

namespace rill::RILL_FORM {

struct retry_budget_statistics {
    double tokens; ///< Retries that could be had now, with the part that was earned of a next.
    std::uint64_t earned;  ///< Successes.
    std::uint64_t spent;   ///< Retries that were had.
    std::uint64_t refused; ///< Retries that were not: too little was left.
};

/// What several callers may spend on retries, so that in an outage they do not multiply the load: a
/// retry takes a token, a success earns a part of one. As the retry throttling of gRPC and Finagle.
///
/// With the defaults a service retries a tenth of its successes in the long run, and ten times at
/// the start. It must outlive every retry that uses it.
/// Thread safety: distinct objects safe, shared objects unsafe; all on the thread of one loop.
class retry_budget {
public:
    /// It starts with `most` tokens, and never has more; a success earns `ratio`, counted in
    /// thousandths. Throws std::invalid_argument unless `ratio` is from 0 to 1000 and `most` at
    /// least 1.
    explicit retry_budget(double ratio = 0.1, unsigned most = 10);

    /// A call has succeeded. Called by retry().
    void earn() noexcept;

    /// Takes a token; false if none is left. Called by retry() before it waits.
    bool try_spend() noexcept;

    retry_budget_statistics statistics() const noexcept;

private:
    static constexpr std::int64_t whole = 1000; // a token

    std::int64_t ratio_;
    std::int64_t most_;
    std::int64_t tokens_; // from 0 to most_
    std::uint64_t earned_ = 0;
    std::uint64_t spent_ = 0;
    std::uint64_t refused_ = 0;
};

/// Whether and when another attempt is made: `retry_policy().attempts(5).first_delay(50ms)`.
///
/// By default three attempts, about 100 ms and 200 ms apart, for every error. A cancellation and a
/// fatal_error are never worth another attempt, whatever is set here; the abort of an operation
/// that nobody has cancelled is an error as others are. Settings that make no sense
/// throw std::invalid_argument.
class retry_policy {
public:
    /// How often it is tried in all, from 1.
    retry_policy& attempts(unsigned n);

    /// The delay after the first failure, if that is not above the longest; 0 or more.
    retry_policy& first_delay(duration d);

    /// By which each delay is longer than the one before; from 1.
    retry_policy& factor(double f);

    /// What no delay exceeds, 10 s unless set; 0 or more.
    retry_policy& longest_delay(duration d);

    /// With it, which is the default, the delay is anything from nothing to what was computed, so
    /// that callers who failed together do not come back together.
    retry_policy& full_jitter(bool on = true) noexcept;

    /// Only errors for which `worth_it` is true are tried again. It takes a const
    /// std::exception_ptr&, or a const std::exception&: then what is none of these is not tried
    /// again.
    template <class Predicate>
        requires std::predicate<Predicate&, const std::exception_ptr&> ||
                 std::predicate<Predicate&, const std::exception&>
    retry_policy& when(Predicate worth_it);

    /// Retries are paid for from `b`; where nothing is left, the error counts.
    retry_policy& budget(retry_budget& b) noexcept;

    /// `observer(attempt, delay, error)` is called before each delay: the attempt that failed,
    /// counted from 1, how long the next one is put off, and why. What it throws leaves retry().
    retry_policy&
    on_retry(std::function<void(unsigned, duration, const std::exception_ptr&)> observer);

private:
    template <coroutine_function F>
    friend awaitable<awaited_t<std::invoke_result_t<F&>>> retry(retry_policy policy, F op);

    bool may_retry(unsigned attempt, const std::exception_ptr& error) const;
    duration delay_after(unsigned attempt, random_source& random) const;
    void succeeded() const noexcept;

    unsigned attempts_ = 3;
    duration first_ = std::chrono::milliseconds(100);
    double factor_ = 2;
    duration longest_ = std::chrono::seconds(10);
    bool jitter_ = true;
    std::function<bool(const std::exception_ptr&)> worth_it_; // empty: all are
    retry_budget* budget_ = nullptr;
    std::function<void(unsigned, duration, const std::exception_ptr&)> observer_;
};

/// Awaits op(), a callable that gives an awaitable, again and again until it succeeds or `policy`
/// has enough, and gives its value, or throws its last error unchanged. `op` is kept meanwhile.
///
///     const auto ask = [&] { return client.get("/price"); };
///     auto price = co_await rill::retry(rill::retry_policy().attempts(5), ask);
///
/// Time and randomness are the loop's: with a seed and virtual time it goes the same way each time.
/// Works in every coroutine on an io_context.
/// Cancellation: as op's; during a delay total. It is never tried again after one.
template <coroutine_function F>
awaitable<awaited_t<std::invoke_result_t<F&>>> retry(retry_policy policy, F op);

// Implementation

namespace detail {

[[noreturn]] inline void refuse_policy(const std::string& rule, const std::string& given)
{
    throw std::invalid_argument("rill::retry_policy: " + rule + ", not " + given);
}

duration checked_delay(const char* name, duration d);

} // namespace detail

inline retry_policy& retry_policy::full_jitter(bool on) noexcept
{
    jitter_ = on;
    return *this;
}

template <class Predicate>
    requires std::predicate<Predicate&, const std::exception_ptr&> ||
             std::predicate<Predicate&, const std::exception&>
retry_policy& retry_policy::when(Predicate worth_it)
{
    if constexpr (std::predicate<Predicate&, const std::exception_ptr&>)
        worth_it_ = std::move(worth_it);
    else
        worth_it_ = [worth_it = std::move(worth_it)](const std::exception_ptr& error) mutable {
            try {
                std::rethrow_exception(error);
            } catch (const std::exception& e) {
                return static_cast<bool>(worth_it(e));
            } catch (...) {
                return false;
            }
        };
    return *this;
}

inline retry_policy& retry_policy::budget(retry_budget& b) noexcept
{
    budget_ = &b;
    return *this;
}

inline retry_policy&
retry_policy::on_retry(std::function<void(unsigned, duration, const std::exception_ptr&)> observer)
{
    observer_ = std::move(observer);
    return *this;
}

inline void retry_policy::succeeded() const noexcept
{
    if (budget_)
        budget_->earn();
}

template <coroutine_function F>
awaitable<awaited_t<std::invoke_result_t<F&>>> retry(retry_policy policy, F op)
{
    using T = awaited_t<std::invoke_result_t<F&>>;
    const asio::any_io_executor here = co_await asio::this_coro::executor;
    const asio::cancellation_state state = co_await asio::this_coro::cancellation_state;
    detail::loop_core& core = detail::loop_core::of(here);
    for (unsigned attempt = 1;; ++attempt) {
        std::exception_ptr error;
        try {
            if constexpr (std::is_void_v<T>) {
                co_await op();
                policy.succeeded();
                co_return;
            } else {
                T value = co_await op();
                policy.succeeded();
                co_return std::move(value);
            }
        } catch (...) {
            error = std::current_exception();
        }
        const bool told_to_stop = state.cancelled() != asio::cancellation_type::none;
        if (told_to_stop || !policy.may_retry(attempt, error))
            std::rethrow_exception(error);
        const duration delay = policy.delay_after(attempt, core.random);
        if (policy.observer_)
            policy.observer_(attempt, delay, error);
        error = nullptr; // what it holds does not wait with us
        co_await sleep(delay);
    }
}

} // namespace rill::RILL_FORM

#ifndef RILL_SEPARATE_COMPILATION
#include <rill/impl/retry.ipp>
#endif
