// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/clock.hpp>
#include <rill/detail/form.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <source_location>
#include <string>
#include <vector>

namespace rill::RILL_FORM::detail {

/// A step that kept the loop for long.
struct slow_step {
    duration took{};
    std::string task;           // empty: a callback, or something of Asio's
    std::source_location where; // the wait after which it went on, if that is known
    time_point began{};
    std::uint64_t steps = 1; // that the time was spent in
};

/// Counts what a loop does. A turn is what it does between two looks at the sockets.
///
/// The clock is read twice a turn, and not for each step. Once a turn was very slow, it is read
/// after each step for a while, so that what happens again is found by name.
class loop_meter {
public:
    static constexpr std::size_t buckets = 24; // of turns below 1, 2, 4 ... microseconds
    static constexpr std::size_t kept = 10;    // of the slowest steps
    static constexpr duration slow = std::chrono::milliseconds(1);
    static constexpr duration suspicious = std::chrono::milliseconds(5);
    static constexpr duration suspicion = std::chrono::seconds(1);

    void begin_turn(time_point now) noexcept
    {
        began_ = now;
        steps_before_ = steps;
    }

    /// Whether the turn was slow.
    bool end_turn(time_point now) noexcept;

    /// When the present turn began: recent enough for "since when".
    time_point turn_began() const noexcept { return began_; }

    std::uint64_t steps_of_turn() const noexcept { return steps - steps_before_; }

    bool times_steps(time_point now) const noexcept { return now < timed_until_; }

    /// Whether a step of that length would be among the slowest.
    bool notable(duration took) const noexcept;

    void add(slow_step step);

    std::uint64_t turns = 0;
    std::uint64_t steps = 0;
    std::uint64_t io = 0; // turns that something of Asio's began: a socket, a signal, a timer
    duration busy{};
    duration longest{};
    std::array<std::uint64_t, buckets> histogram{};
    std::vector<slow_step> slowest;

private:
    static std::size_t bucket_of(duration took) noexcept;

    time_point began_{};
    time_point timed_until_{};
    std::uint64_t steps_before_ = 0;
};

} // namespace rill::RILL_FORM::detail

#ifndef RILL_SEPARATE_COMPILATION
#include <rill/impl/loop_meter.ipp>
#endif
