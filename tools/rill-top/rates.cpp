// SPDX-License-Identifier: BSL-1.0
#include "rates.hpp"

#include <algorithm>

namespace top {

namespace {

constexpr double not_known = -1;

std::size_t decade_of(const lag_bucket& bucket) noexcept
{
    std::size_t decade = 0;
    for (std::uint64_t bound = 10; bucket.below_us > bound && decade + 1 < lag_decades().size();
         bound *= 10)
        ++decade;
    return decade;
}

/// How many joined each bucket of `after` since `before`.
std::vector<lag_bucket> added(const loop_info& before, const loop_info& after)
{
    std::vector<lag_bucket> difference = after.lag_histogram;
    for (lag_bucket& bucket : difference)
        for (const lag_bucket& old : before.lag_histogram)
            if (old.below_us == bucket.below_us)
                bucket.count -= std::min(bucket.count, old.count);
    return difference;
}

/// The bound of the bucket in which the 99th of 100 delays is.
std::optional<std::uint64_t> p99_of(std::vector<lag_bucket> buckets, std::uint64_t max)
{
    std::sort(buckets.begin(), buckets.end(), [](const lag_bucket& a, const lag_bucket& b) {
        return a.below_us < b.below_us;
    });
    std::uint64_t total = 0;
    for (const lag_bucket& bucket : buckets)
        total += bucket.count;
    if (total == 0)
        return std::nullopt;
    std::uint64_t seen = 0;
    for (const lag_bucket& bucket : buckets) {
        seen += bucket.count;
        if (seen >= total - total / 100)
            return std::min(bucket.below_us, std::max<std::uint64_t>(max, 1));
    }
    return std::nullopt;
}

std::optional<loop_rates> rates_between(const loop_info& before, const loop_info& after)
{
    if (!before.answers || !after.answers || after.uptime_ms <= before.uptime_ms)
        return std::nullopt;
    const double seconds = static_cast<double>(after.uptime_ms - before.uptime_ms) / 1000;
    const auto per_second = [&](std::uint64_t from, std::uint64_t to) {
        return to > from ? static_cast<double>(to - from) / seconds : 0;
    };
    loop_rates result;
    result.turns = per_second(before.turns, after.turns);
    result.steps = per_second(before.steps, after.steps);
    result.busy = std::min(1.0, per_second(before.busy_ms, after.busy_ms) / 1000);
    const auto buckets = added(before, after);
    for (const lag_bucket& bucket : buckets)
        result.lag[decade_of(bucket)] += bucket.count;
    result.lag_p99_us = p99_of(buckets, after.lag_us.max);
    return result;
}

} // namespace

rates::rates(const snapshot& before, const task_index& index_before, const snapshot& after)
{
    if (before.info.pid != after.info.pid || after.info.uptime_ms <= before.info.uptime_ms)
        return;
    const double seconds = static_cast<double>(after.info.uptime_ms - before.info.uptime_ms) / 1000;
    steps_.reserve(after.tasks.size());
    for (const task_info& task : after.tasks) {
        const position old = index_before.find(task.loop, task.id);
        const bool known = old != nobody && before.tasks[old].steps <= task.steps;
        steps_.push_back(
            known ? static_cast<double>(task.steps - before.tasks[old].steps) / seconds : not_known
        );
    }
    for (const loop_info& loop : after.loops) {
        const auto old =
            std::find_if(before.loops.begin(), before.loops.end(), [&](const loop_info& candidate) {
                return candidate.name == loop.name;
            });
        loops_.push_back(old == before.loops.end() ? std::nullopt : rates_between(*old, loop));
    }
}

std::optional<double> rates::steps_of(position task) const
{
    if (task >= steps_.size() || steps_[task] < 0)
        return std::nullopt;
    return steps_[task];
}

std::optional<loop_rates> rates::of_loop(position loop) const
{
    return loop < loops_.size() ? loops_[loop] : std::nullopt;
}

} // namespace top
