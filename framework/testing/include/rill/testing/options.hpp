// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/clock.hpp>
#include <rill/detail/form.hpp>

#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <optional>

namespace rill::RILL_FORM::testing {

/// How a testing loop runs.
class options {
public:
    options() {}

    /// Of the loop's random source; unset, RILL_TEST_SEED in the environment says it, or else it is
    /// 1. The same seed gives the same run.
    options& seed(std::uint64_t s)
    {
        seed_ = s;
        return *this;
    }

    /// What is ready runs in an order that the seed decides, and not in that of its coming: what a
    /// program must not rely on shows.
    options& shuffle(bool on = true)
    {
        shuffle_ = on;
        return *this;
    }

    /// Before the clock jumps, sockets get so much real time to bring something; for tests with
    /// real ones. Zero, the default, gives them none: see network for those in memory.
    options& real_io(duration grace)
    {
        real_io_ = grace;
        return *this;
    }

    /// The longest real time that a call in another thread may take; 10 s.
    options& patience(duration d)
    {
        patience_ = d;
        return *this;
    }

    /// Whether descriptors that are open at the end and were not at the beginning are a failure;
    /// true.
    options& check_descriptors(bool on)
    {
        check_descriptors_ = on;
        return *this;
    }

    /// So many steps may run without a moment passing; with more, something polls for a time that
    /// never comes, and the loop says so in a failure. 10 million.
    options& busy_steps(std::uint64_t n)
    {
        busy_steps_ = n;
        return *this;
    }

    std::uint64_t seed() const { return seed_.value_or(seed_in_environment().value_or(1)); }

    bool shuffles() const noexcept { return shuffle_; }

    duration real_io() const noexcept { return real_io_; }

    duration patience() const noexcept { return patience_; }

    std::uint64_t busy_steps() const noexcept { return busy_steps_; }

    bool checks_descriptors() const noexcept { return check_descriptors_; }

    static std::optional<std::uint64_t> seed_in_environment()
    {
        const char* const text = std::getenv("RILL_TEST_SEED");
        if (!text || !*text)
            return std::nullopt;
        return std::strtoull(text, nullptr, 10);
    }

private:
    std::optional<std::uint64_t> seed_;
    bool shuffle_ = false;
    duration real_io_ = duration::zero();
    duration patience_ = std::chrono::seconds(10);
    bool check_descriptors_ = true;
    std::uint64_t busy_steps_ = 10'000'000;
};

} // namespace rill::RILL_FORM::testing
