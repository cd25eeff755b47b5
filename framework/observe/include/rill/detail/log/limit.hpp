// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/detail/log/write.hpp>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <limits>
#include <span>
#include <string_view>

namespace rill::log::detail {

/// What a rill::log::limited knows.
class limit {
public:
    using duration = std::chrono::steady_clock::duration;
    using time_point = std::chrono::steady_clock::time_point;

    explicit limit(duration interval) noexcept
        : interval_(interval)
    {}

    void write(
        time_point now,
        level level,
        std::string_view message,
        std::span<const field> values,
        task_name task
    ) noexcept;

    std::uint64_t left_out() const noexcept { return left_out_.load(std::memory_order_relaxed); }

private:
    bool admits(time_point now) noexcept;

    static constexpr auto none = std::numeric_limits<duration::rep>::min();

    const duration interval_;
    std::atomic<duration::rep> last_ = none; // time of the last line that was written
    std::atomic<std::uint64_t> left_out_ = 0;
};

} // namespace rill::log::detail
