// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/detail/net_detail.hpp>
#include <rill/error.hpp>

namespace rill::RILL_FORM::net_detail {

/// Without the place in Asio's sources that the code may carry, and what() shows: nobody's concern in
/// a message.
inline error_code plain_error(const error_code& ec) noexcept
{
    return error_code(ec.value(), ec.category());
}

} // namespace rill::RILL_FORM::net_detail
