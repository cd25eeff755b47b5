// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/detail/form.hpp>
#include <rill/detail/simulation.hpp>
#include <rill/loop.hpp>
#include <rill/random.hpp>

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <ranges>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace rill::RILL_FORM::testing {

/// Data for a test, made from the loop's random numbers: a seed gives the same data each time, and
/// testing::explore names the seed with which a test failed.
///
/// What it gives depends on nothing but those numbers, so it is the same with every standard
/// library, where the distributions of <random> differ. Valid as long as the loop.
class random_data {
public:
    explicit random_data(const asio::any_io_executor& ex)
        : source_(extend::loop_core::of(ex).random)
    {}

    random_data() ///< Of the loop that this thread runs.
        : random_data(this_loop().get_executor())
    {}

    std::vector<std::byte> bytes(std::size_t n); ///< `n` of them, each value equally often.

    std::string text(std::size_t n); ///< `n` printable characters of ASCII, the blank among them.

    /// From `lo` to `hi`, both included; std::invalid_argument if `lo` is the greater one.
    template <std::integral T>
        requires(!std::same_as<T, bool>)
    T number(T lo, T hi);

    /// One of the elements; std::invalid_argument if there are none.
    template <std::ranges::random_access_range R>
        requires std::ranges::sized_range<R> && std::ranges::borrowed_range<R>
    std::ranges::range_reference_t<R> pick(R&& from);

    /// Brings the elements into another order, each order equally often.
    template <std::ranges::random_access_range R>
        requires std::ranges::sized_range<R>
    void shuffle(R&& elements);

private:
    std::uint64_t up_to(std::uint64_t most);

    random_source& source_;
};

// Implementation

/// From 0 to `most`. Numbers beyond the last whole multiple of the range would make some of the
/// results more frequent than others.
inline std::uint64_t random_data::up_to(std::uint64_t most)
{
    if (most == UINT64_MAX)
        return source_();
    const std::uint64_t range = most + 1;
    const std::uint64_t end = UINT64_MAX - UINT64_MAX % range;
    std::uint64_t n = source_();
    while (n >= end)
        n = source_();
    return n % range;
}

template <std::integral T>
    requires(!std::same_as<T, bool>)
T random_data::number(T lo, T hi)
{
    if (lo > hi)
        throw std::invalid_argument("rill::testing::random_data: the range is empty");
    const auto first = static_cast<std::uint64_t>(lo); // differences are right modulo 2^64
    return static_cast<T>(first + up_to(static_cast<std::uint64_t>(hi) - first));
}

inline std::vector<std::byte> random_data::bytes(std::size_t n)
{
    std::vector<std::byte> all(n);
    for (std::byte& b : all)
        b = static_cast<std::byte>(up_to(0xff));
    return all;
}

inline std::string random_data::text(std::size_t n)
{
    std::string all(n, ' ');
    for (char& c : all)
        c = number<char>(' ', '~');
    return all;
}

template <std::ranges::random_access_range R>
    requires std::ranges::sized_range<R> && std::ranges::borrowed_range<R>
std::ranges::range_reference_t<R> random_data::pick(R&& from)
{
    const auto n = static_cast<std::uint64_t>(std::ranges::size(from));
    if (n == 0)
        throw std::invalid_argument("rill::testing::random_data: there is nothing to pick from");
    using difference = std::ranges::range_difference_t<R>;
    return std::ranges::begin(from)[static_cast<difference>(up_to(n - 1))];
}

template <std::ranges::random_access_range R>
    requires std::ranges::sized_range<R>
void random_data::shuffle(R&& elements)
{
    using difference = std::ranges::range_difference_t<R>;
    const auto begin = std::ranges::begin(elements);
    for (auto left = static_cast<std::uint64_t>(std::ranges::size(elements)); left > 1; --left)
        std::ranges::iter_swap(
            begin + static_cast<difference>(left - 1),
            begin + static_cast<difference>(up_to(left - 1))
        );
}

} // namespace rill::RILL_FORM::testing
