// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/awaitable.hpp>
#include <rill/clock.hpp>
#include <rill/detail/form.hpp>

#include <concepts>
#include <functional>
#include <optional>
#include <source_location>
#include <utility>

namespace rill::RILL_FORM {

/// What becomes of the ticks that come while nobody waits for one. Mirrors tokio's
/// MissedTickBehavior.
enum class missed_ticks {
    skip,  // they are left out: the next one is at a whole number of periods after the first
    delay, // they are left out, and those to come move: the next one is a period from now
    burst, // they come at once, one after the other, until it has caught up
};

/// Ticks at even distances, without the drift of a sleep in a loop. Mirrors tokio's interval, whose
/// default is burst; asyncio has none.
///
///     rill::interval ticks(1s);
///     while (true) {
///         co_await ticks.tick();
///         sample();
///     }
///
/// The first tick comes at once. Thread safety: distinct objects safe, shared objects unsafe.
class interval {
public:
    /// std::invalid_argument unless `period` is above zero.
    explicit interval(duration period, missed_ticks missed = missed_ticks::skip);

    /// The first tick comes at `start`, on the loop's clock.
    interval(time_point start, duration period, missed_ticks missed = missed_ticks::skip);

    /// Waits for the next tick, and gives the time for which it was due; if that has passed, it is a
    /// yield. Cancellation: total; the tick is still to come.
    awaitable<time_point> tick(std::source_location where = std::source_location::current());

    /// The next tick comes a period from now. std::logic_error where no loop runs.
    void reset();

    duration period() const noexcept { return period_; }

private:
    time_point after(time_point due, time_point now) const noexcept;

    duration period_;
    missed_ticks missed_;
    std::optional<time_point> next_; // empty before the first tick: at once
};

/// Calls `job` now and then at each tick of an interval, until its caller is cancelled or `job`
/// throws, which is thrown unchanged. A job is a function, or a coroutine, which is awaited: one that
/// takes longer than a period is late for its next tick, and never runs twice at a time.
///
///     group.create_task(rill::every(30s, [&] { return cache.refresh(); }), "refresh");
///
/// std::invalid_argument unless `period` is above zero. Cancellation: as the job's own.
template <std::invocable Job>
awaitable<void> every(
    duration period,
    Job job,
    missed_ticks missed = missed_ticks::skip,
    std::source_location where = std::source_location::current()
);

// Implementation

namespace detail {

template <class Job>
awaitable<void> run_at_each_tick(interval ticks, Job job, std::source_location where)
{
    for (;;) {
        co_await ticks.tick(where);
        if constexpr (coroutine_function<Job&>)
            co_await std::invoke(job);
        else
            std::invoke(job);
    }
}

} // namespace detail

template <std::invocable Job>
awaitable<void> every(duration period, Job job, missed_ticks missed, std::source_location where)
{
    return detail::run_at_each_tick(interval(period, missed), std::move(job), where);
}

} // namespace rill::RILL_FORM

#ifndef RILL_SEPARATE_COMPILATION
#include <rill/impl/interval.ipp>
#endif
