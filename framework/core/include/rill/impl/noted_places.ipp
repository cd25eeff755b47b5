// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/detail/watch/describe.hpp>
#include <rill/detail/watch/noted_places.hpp>

namespace rill::RILL_FORM::detail {

RILL_DECL bool noted_places::add(const std::source_location& place) noexcept
{
    if (size_ == places_.size())
        return false;
    places_[size_++] = place;
    return true;
}

RILL_DECL std::source_location noted_places::innermost_of_program() const
{
    for (std::size_t i = 0; i < size_; ++i)
        if (!is_of_library(places_[i]))
            return places_[i];
    return {};
}

} // namespace rill::RILL_FORM::detail
