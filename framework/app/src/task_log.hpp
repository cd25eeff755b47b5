// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "observed_loop.hpp"

#include <rill/awaitable.hpp>

#include <vector>

namespace rill::app::detail {

/// Writes every task of the loops into the log, a line each.
awaitable<void> log_tasks(const std::vector<observed_loop>& loops);

} // namespace rill::app::detail
