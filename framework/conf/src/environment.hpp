// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "draft.hpp"

#include <string>
#include <vector>

namespace rill::conf::detail {

/// Sets what variables in the form of `environ` say; see sources::environment.
void read_environment(draft& into, std::vector<std::string> variables);

} // namespace rill::conf::detail
