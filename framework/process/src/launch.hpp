// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/detail/command_plan.hpp>
#include <rill/process_error.hpp>
#include <rill/unique_fd.hpp>

#include <sys/types.h>

#include <utility>
#include <vector>

namespace rill::process_detail {

struct launched {
    pid_t pid = -1;
    unique_fd pidfd;
};

/// Starts the program of `plan` as a child of this thread, with the descriptors `moves` (the child's
/// number, ours) and no others. Returns once the program has taken the child's place. Throws a
/// spawn_error, whose text begins with `name`, and nothing is left then.
launched launch(
    const command_plan& plan, const std::vector<std::pair<int, int>>& moves, const std::string& name
);

/// Of a child whose status nobody has taken, so that the number is its own still.
void kill_and_reap(pid_t pid) noexcept;

/// `what` names the thing that could not be had.
[[noreturn]] void
throw_spawn_error(int error, spawn_step step, const std::string& name, const std::string& what);

} // namespace rill::process_detail
