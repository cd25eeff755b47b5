// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/app/settings.hpp>

#include <chrono>

namespace rill::app::detail {

/// Opens the log on a descriptor. No other thread may be writing yet.
void open_log(const settings& settings, int descriptor);

/// Writes what is queued, for at most `patience`, and closes the log. False: lines are left, and
/// the thread that writes them is left behind, for the process is about to end.
bool close_log(std::chrono::milliseconds patience);

} // namespace rill::app::detail
