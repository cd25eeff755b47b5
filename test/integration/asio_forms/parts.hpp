// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/awaitable.hpp>
#include <rill/queue.hpp>

/// Defined in a source file that sees Asio's function bodies.
namespace header_only {
rill::awaitable<int> put_and_sum(rill::queue<int>& out, rill::queue<int>& in);
} // namespace header_only

/// Defined in a source file that sees declarations only.
namespace compiled {
rill::awaitable<int> put_and_sum(rill::queue<int>& out, rill::queue<int>& in);
} // namespace compiled
