// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "rates.hpp"

#include <string>
#include <vector>

namespace top {

/// All that is known of a task, as printable lines: what it does, whom it belongs to, who awaits
/// it, what it holds, its context and its stack.
std::vector<std::string>
details_of(const snapshot& of, const relations& related, const rates& r, position task);

} // namespace top
