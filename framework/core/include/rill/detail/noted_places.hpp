// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/detail/describe.hpp>

#include <array>
#include <cstddef>
#include <source_location>

namespace rill::detail {

/// Where the innermost coroutines of a task were, kept as it is: to be read later, if at all.
class noted_places {
public:
    void clear() noexcept { size_ = 0; }

    /// False if there is no more room.
    bool add(const std::source_location& place) noexcept
    {
        if (size_ == places_.size())
            return false;
        places_[size_++] = place;
        return true;
    }

    /// The first one that is none of the library's.
    std::source_location innermost_of_program() const
    {
        for (std::size_t i = 0; i < size_; ++i)
            if (!is_of_library(places_[i]))
                return places_[i];
        return {};
    }

private:
    std::array<std::source_location, 8> places_;
    std::size_t size_ = 0;
};

} // namespace rill::detail
