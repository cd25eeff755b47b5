// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "protocol.hpp"

#include <cstddef>
#include <vector>

namespace top {

/// What a service said of itself at one moment.
struct snapshot {
    service_info info;
    std::vector<loop_info> loops;
    std::vector<task_info> tasks;
    std::size_t left_out = 0; // tasks that were more than the client keeps
};

} // namespace top
