// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/detail/watch/loop_meter.hpp>

#include <algorithm>
#include <bit>
#include <utility>

namespace rill::RILL_FORM::detail {

RILL_DECL bool loop_meter::end_turn(time_point now) noexcept
{
    const duration took = now - began_;
    ++turns;
    busy += took;
    longest = std::max(longest, took);
    ++histogram[bucket_of(took)];
    if (took >= suspicious)
        timed_until_ = now + suspicion;
    return took >= slow;
}

RILL_DECL bool loop_meter::notable(duration took) const noexcept
{
    return took >= slow && (slowest.size() < kept || took > slowest.back().took);
}

RILL_DECL void loop_meter::add(slow_step step)
{
    const auto slower = [](const slow_step& a, const slow_step& b) { return a.took > b.took; };
    slowest.insert(std::upper_bound(slowest.begin(), slowest.end(), step, slower), step);
    if (slowest.size() > kept)
        slowest.pop_back();
}

RILL_DECL std::size_t loop_meter::bucket_of(duration took) noexcept
{
    const auto us = static_cast<std::uint64_t>(
        std::chrono::duration_cast<std::chrono::microseconds>(took).count()
    );
    return std::min<std::size_t>(std::bit_width(us), buckets - 1);
}

} // namespace rill::RILL_FORM::detail
