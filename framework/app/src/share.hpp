// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <algorithm>
#include <cstddef>

namespace rill::app::detail {

/// What one of `workers` has of a whole: the parts differ by at most one, and none is 0.
constexpr std::size_t share_of(std::size_t whole, std::size_t worker, std::size_t workers) noexcept
{
    const std::size_t rest = whole % workers; // one more for each of the first
    return std::max<std::size_t>(1, whole / workers + (worker < rest ? 1 : 0));
}

} // namespace rill::app::detail
