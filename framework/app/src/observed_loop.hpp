// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/awaitable.hpp>
#include <rill/introspect.hpp>
#include <rill/loop.hpp>

#include <chrono>
#include <optional>
#include <string>
#include <vector>

namespace rill::app::detail {

/// A loop that another thread runs, as those see it who look from outside.
struct observed_loop {
    std::string name;
    const rill::loop* loop; // outlives whoever looks
};

/// With a loop that is asked.
constexpr std::chrono::seconds patience{1};

/// Asks a loop what it does; empty if it does not answer within a second, or has not told of all its
/// tasks within half a minute. On another loop.
awaitable<std::optional<loop_statistics>> ask_for_statistics(const observed_loop& of);
awaitable<std::optional<std::vector<task_info>>> ask_for_tasks(const observed_loop& of);

} // namespace rill::app::detail
