// SPDX-License-Identifier: BSL-1.0
#include <rill/detail/log/limit.hpp>

#include <vector>

namespace rill::log::detail {

bool limit::admits(time_point now) noexcept
{
    const auto time = now.time_since_epoch().count();
    const auto interval = interval_.count();
    auto last = last_.load(std::memory_order_relaxed);
    // A time a little before the last line's is that of a thread that read the clock earlier.
    if (last != none && time - last < interval && last - time <= interval)
        return false;
    return last_.compare_exchange_strong(last, time, std::memory_order_relaxed);
}

void limit::write(
    time_point now,
    level level,
    std::string_view message,
    std::span<const field> values,
    task_name task
) noexcept
{
    if (!admits(now)) {
        left_out_.fetch_add(1, std::memory_order_relaxed);
        return;
    }
    const auto left_out = left_out_.exchange(0, std::memory_order_relaxed);
    if (left_out == 0)
        return detail::write(level, message, values, task);
    try {
        std::vector<field> with_count(values.begin(), values.end());
        with_count.emplace_back("left_out", left_out);
        detail::write(level, message, with_count, task);
    } catch (...) { // there is no memory for one more field
        left_out_.fetch_add(left_out, std::memory_order_relaxed);
        detail::write(level, message, values, task);
    }
}

} // namespace rill::log::detail
