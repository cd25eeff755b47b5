// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "config.hpp"

#include <rill/app/context.hpp>
#include <rill/awaitable.hpp>
#include <rill/stream.hpp>

namespace echo {

/// Sends back what `client` sends, until it ends, is silent for too long or does not read.
rill::awaitable<void> session(rill::stream client, const session_settings& settings);

/// Serves until the service is asked to stop; then clients get back what has arrived from them, and
/// are disconnected.
rill::awaitable<void> serve(const config& cfg, rill::app::context& app);

} // namespace echo
