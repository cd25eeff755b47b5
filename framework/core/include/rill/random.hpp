// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/detail/form.hpp>

#include <cstdint>
#include <limits>

namespace rill::RILL_FORM {

/// A loop's source of random numbers, for jitter and the like; not for secrets. It models
/// std::uniform_random_bit_generator, so the distributions of <random> take it.
///
/// It is seeded by the kernel; a test that gives a seed gets the same numbers each time. The numbers
/// are those of SplitMix64.
class random_source {
public:
    using result_type = std::uint64_t;

    random_source() noexcept;

    explicit random_source(std::uint64_t s) noexcept
        : state_(s)
    {}

    void seed(std::uint64_t s) noexcept { state_ = s; }

    static constexpr result_type min() noexcept { return 0; }

    static constexpr result_type max() noexcept { return std::numeric_limits<result_type>::max(); }

    result_type operator()() noexcept;

    /// From 0 to 1, without 1.
    double fraction() noexcept;

private:
    std::uint64_t state_;
};

} // namespace rill::RILL_FORM

#ifndef RILL_SEPARATE_COMPILATION
#include <rill/impl/random.ipp>
#endif
