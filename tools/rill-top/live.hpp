// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "command_line.hpp"

#include <rill/awaitable.hpp>

#include <string>

namespace top {

// `options` must outlive the coroutines.

/// The live screen, until q is pressed or a signal comes. A service that goes away is looked for
/// until it is back; one that is not there at the start is thrown. Needs a terminal.
rill::awaitable<void> run_live(const command_line& options);

/// Two looks one interval apart, so that there are rates, as text. Throws what the client throws.
rill::awaitable<std::string> run_once(const command_line& options);

/// The socket that the command line means; usage_error if it leaves that open.
rill::awaitable<std::string> resolve(const command_line& options);

} // namespace top
