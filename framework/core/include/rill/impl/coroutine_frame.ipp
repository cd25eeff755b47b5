// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/detail/coroutine_frame.hpp>
#include <rill/detail/debug_watch.hpp>
#include <rill/detail/position.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include <bit>
#include <concepts>
#include <coroutine>
#include <source_location>
#include <type_traits>
#include <utility>

namespace rill::RILL_FORM::detail {

RILL_DECL std::source_location location_of(const void* builtin) noexcept
{
    static_assert(sizeof(std::source_location) == sizeof(const void*));
    return std::bit_cast<std::source_location>(builtin);
}

RILL_DECL void coroutine_place::leave() noexcept
{
    if (!link_)
        return;
    *link_ = outer_;
    if (outer_)
        outer_->link_ = link_;
    outer_ = nullptr;
    link_ = nullptr;
}

} // namespace rill::RILL_FORM::detail
