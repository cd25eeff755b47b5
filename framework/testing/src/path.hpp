// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/clock.hpp>
#include <rill/detail/simulation.hpp>
#include <rill/random.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>

namespace rill::RILL_FORM::testing::simulation {

/// See link.
struct path_settings {
    duration latency{};
    duration jitter{};
    std::size_t bandwidth = 0;
    double loss = 0;
    std::size_t least_segment = 1460;
    std::size_t most_segment = 1460;
    const path_settings* followed = nullptr; // the defaults, until a setting is changed
};

/// From one host to another.
class path {
public:
    explicit path(const path_settings* defaults) { settings.followed = defaults; }

    path_settings settings;
    bool cut = false; // by a partition

    const path_settings& now() const noexcept
    {
        return settings.followed ? *settings.followed : settings;
    }

    duration latency() const noexcept { return now().latency; }

    /// The longest time that something small may take.
    duration longest() const noexcept { return now().latency + now().jitter; }

    bool loses(random_source& random) const noexcept
    {
        return now().loss > 0 && random.fraction() < now().loss;
    }

    std::size_t next_segment(random_source& random) const noexcept
    {
        const auto [least, most] = std::pair(now().least_segment, now().most_segment);
        return least == most ? least : least + random() % (most - least + 1);
    }

    /// When `bytes` that leave at `from` arrive.
    time_point arrival(time_point from, std::size_t bytes, random_source& random)
    {
        const path_settings& s = now();
        time_point at = from;
        if (s.bandwidth > 0) {
            const std::chrono::duration<double> on_the_line(
                static_cast<double>(bytes) / static_cast<double>(s.bandwidth)
            );
            at = std::max(from, free_at_) + std::chrono::duration_cast<duration>(on_the_line);
            free_at_ = at;
        }
        at += s.latency;
        if (s.jitter > duration::zero())
            at += duration(static_cast<duration::rep>(
                random() % static_cast<std::uint64_t>(s.jitter.count() + 1)
            ));
        return at;
    }

private:
    time_point free_at_{}; // the line carries something until then
};

} // namespace rill::RILL_FORM::testing::simulation
