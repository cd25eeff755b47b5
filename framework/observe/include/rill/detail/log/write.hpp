// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/log_record.hpp>

#include <span>
#include <string>
#include <string_view>

namespace rill::log::detail {

/// Gives the name of the current task. It is handed along with each line, as this library is
/// compiled without knowing which form of core the program has.
using task_name = std::string (*)();

void write(
    level level, std::string_view message, std::span<const field> values, task_name task
) noexcept;

} // namespace rill::log::detail
