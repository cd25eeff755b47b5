// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/app/run.hpp>

#include <functional>
#include <string>

namespace rill::app::detail {

/// Runs the service's workers until they have ended, or a signal and its deadlines have ended
/// them. Gives the exit code. `on_start` is called first, once no signal can be lost.
int supervise(
    const std::string& name,
    const service& service,
    const settings& settings,
    const std::function<void()>& on_start
);

} // namespace rill::app::detail
