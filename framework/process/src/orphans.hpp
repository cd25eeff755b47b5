// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/unique_fd.hpp>

namespace rill::process_detail {

// Children that no loop looks after any more: those that were detached and whose process object is
// gone, and those that had not ended yet when their loop did. Their status is taken when another
// process begins or ends, so that few stay zombies, and never for long while processes come and go.
// Any thread.

void add_orphan(unique_fd pidfd) noexcept;

void reap_orphans() noexcept;

} // namespace rill::process_detail
