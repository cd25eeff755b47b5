// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <cstddef>
#include <filesystem>
#include <optional>

namespace rill::app::detail {

/// Cores that the process may keep busy: at most those it may run on, and no more than its
/// cgroups' quota, rounded up. At least 1.
std::size_t usable_cores();

/// The smallest CPU quota of this process's cgroup and those around it, rounded up to cores; for
/// cgroup v1, v2 and both. Empty if there is none. `root` stands for "/", for tests.
std::optional<std::size_t> cgroup_cores(const std::filesystem::path& root);

} // namespace rill::app::detail
