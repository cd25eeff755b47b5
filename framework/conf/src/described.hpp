// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/detail/described/constraints.hpp>
#include <rill/detail/described/suggest.hpp>
#include <rill/detail/described/table.hpp>
#include <rill/detail/described/text.hpp>
#include <rill/detail/described/units.hpp>

namespace rill::conf::detail {

using namespace rill::described; // conf is another spelling of the same

} // namespace rill::conf::detail
