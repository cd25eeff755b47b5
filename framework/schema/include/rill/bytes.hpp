// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <compare>
#include <cstdint>

namespace rill {

/// A number of bytes; in a conf file it is written with its unit, "64KiB".
///
/// Units are B, KiB, MiB, GiB and TiB, each 1024 times the one before. Decimal units are refused,
/// because half of all readers take "64KB" for the one and half for the other.
class bytes {
public:
    constexpr bytes() = default;
    constexpr explicit bytes(std::uint64_t count)
        : count_{count}
    {}

    constexpr std::uint64_t count() const { return count_; }

    /// In arithmetic it is that number.
    constexpr operator std::uint64_t() const { return count_; }

    friend constexpr auto operator<=>(bytes, bytes) = default;

private:
    std::uint64_t count_ = 0;
};

constexpr bytes kib(std::uint64_t n)
{
    return bytes{n << 10};
}

constexpr bytes mib(std::uint64_t n)
{
    return bytes{n << 20};
}

constexpr bytes gib(std::uint64_t n)
{
    return bytes{n << 30};
}

} // namespace rill
