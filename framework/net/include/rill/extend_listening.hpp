// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/detail/missing_family.hpp>

// What app needs of the inside of servers; as rill/extend_net.hpp.
namespace rill::RILL_FORM::extend {

using net_detail::is_family_missing;

} // namespace rill::RILL_FORM::extend
