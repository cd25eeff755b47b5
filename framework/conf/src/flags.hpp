// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "draft.hpp"

#include <string>
#include <vector>

namespace rill::conf::detail {

/// Sets what assignments of the command line say; see sources::flag.
void read_flags(draft& into, const std::vector<std::string>& flags);

} // namespace rill::conf::detail
