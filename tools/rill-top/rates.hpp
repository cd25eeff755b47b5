// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "relations.hpp"

#include <array>
#include <cstdint>
#include <optional>
#include <vector>

namespace top {

/// Delays of a loop by their size: below 10 us, 100 us, 1 ms, 10 ms, 100 ms, 1 s, and above.
using lag_decades = std::array<std::uint64_t, 7>;

/// What a loop did between two snapshots.
struct loop_rates {
    double turns = 0;                        // per second
    double steps = 0;                        // per second
    double busy = 0;                         // share of the time, at most 1
    std::optional<std::uint64_t> lag_p99_us; // no turn was that late; empty: there were none
    lag_decades lag{};
};

/// What has changed from one snapshot of a service to a later one.
class rates {
public:
    /// Nothing is known.
    rates() = default;

    /// Empty as well if they are of different processes, or no time has passed. Time is the
    /// service's own, so that delays on the way do not count.
    rates(const snapshot& before, const task_index& index_before, const snapshot& after);

    /// Steps per second of a task of `after`. Empty: it is new.
    std::optional<double> steps_of(position task) const;

    /// For a loop of `after`. Empty: it is new, or has not answered.
    std::optional<loop_rates> of_loop(position loop) const;

private:
    std::vector<double> steps_; // negative: not known
    std::vector<std::optional<loop_rates>> loops_;
};

} // namespace top
