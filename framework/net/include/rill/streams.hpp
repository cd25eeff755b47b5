// SPDX-License-Identifier: BSL-1.0
#pragma once

// Connections and servers, under the name where asyncio's users look for them.

#include <rill/open_connection.hpp> // IWYU pragma: export
#include <rill/server.hpp>          // IWYU pragma: export
