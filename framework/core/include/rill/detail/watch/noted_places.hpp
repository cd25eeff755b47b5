// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/detail/form.hpp>

#include <array>
#include <cstddef>
#include <source_location>

namespace rill::RILL_FORM::detail {

/// Where the innermost coroutines of a task were, kept as it is: to be read later, if at all.
class noted_places {
public:
    void clear() noexcept { size_ = 0; }

    /// False if there is no more room.
    bool add(const std::source_location& place) noexcept;

    /// The first one that is none of the library's.
    std::source_location innermost_of_program() const;

private:
    std::array<std::source_location, 8> places_;
    std::size_t size_ = 0;
};

} // namespace rill::RILL_FORM::detail

#ifndef RILL_SEPARATE_COMPILATION
#include <rill/impl/noted_places.ipp>
#endif
