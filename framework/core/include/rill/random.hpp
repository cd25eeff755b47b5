// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <sys/random.h>

#include <cstdint>
#include <limits>

namespace rill {

/// A loop's source of random numbers, for jitter and the like; not for secrets. It models
/// std::uniform_random_bit_generator, so the distributions of <random> take it.
///
/// It is seeded by the kernel; a test that gives a seed gets the same numbers each time. The numbers
/// are those of SplitMix64.
class random_source {
public:
    using result_type = std::uint64_t;

    random_source() noexcept
    {
        if (::getrandom(&state_, sizeof state_, GRND_NONBLOCK) != sizeof state_)
            state_ = reinterpret_cast<std::uintptr_t>(this); // the machine has only just started
    }

    explicit random_source(std::uint64_t s) noexcept
        : state_(s)
    {}

    void seed(std::uint64_t s) noexcept { state_ = s; }

    static constexpr result_type min() noexcept { return 0; }

    static constexpr result_type max() noexcept { return std::numeric_limits<result_type>::max(); }

    result_type operator()() noexcept
    {
        std::uint64_t z = state_ += 0x9e3779b97f4a7c15;
        z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
        z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
        return z ^ (z >> 31);
    }

    /// From 0 to 1, without 1.
    double fraction() noexcept { return static_cast<double>((*this)() >> 11) * 0x1p-53; }

private:
    std::uint64_t state_;
};

} // namespace rill
