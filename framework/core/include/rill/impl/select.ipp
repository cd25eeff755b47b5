// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/detail/end_watch.hpp>
#include <rill/detail/wait_operation.hpp>
#include <rill/select.hpp>

#include <boost/asio/this_coro.hpp>

#include <cstddef>
#include <optional>
#include <source_location>
#include <tuple>
#include <type_traits>
#include <utility>
#include <variant>

namespace rill::RILL_FORM::detail {

RILL_DECL void selection::completed(std::size_t index)
{
    if (decided())
        return;
    winner = index;
    withdraw_(*this);
    complete();
}

} // namespace rill::RILL_FORM::detail
