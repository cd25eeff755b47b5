// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/detail/form.hpp>
#include <rill/endpoint.hpp>
#include <rill/error.hpp>

namespace rill::RILL_FORM::net_detail {

/// Whether it is for want of the address family that nothing can listen at `at`: the machine does not
/// have it, or it is switched off. Then IPv6's loopback address is gone, and a socket still to be had.
bool is_family_missing(const error_code& ec, const endpoint& at);

} // namespace rill::RILL_FORM::net_detail
