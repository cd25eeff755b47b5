// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/awaitable.hpp>
#include <rill/event.hpp>
#include <rill/queue.hpp>
#include <rill/race.hpp>
#include <rill/select.hpp>

#include <optional>
#include <utility>
#include <variant>

namespace mutants {

/// The next item, or nothing once `stop` is set.
///
/// Broken: an item lost in a race. Both ends of a race may come in one turn; what the loser had
/// taken by then is dropped.
template <bool Broken>
rill::awaitable<std::optional<int>> next_unless_stopped(rill::queue<int>& items, rill::event& stop)
{
    if constexpr (Broken) {
        auto both = rill::race(stop.wait(), items.get());
        const auto first = co_await std::move(both);
        if (first.index() == 1)
            co_return std::get<1>(first);
    } else {
        auto both = rill::select(stop.wait(), items.get());
        const auto first = co_await std::move(both);
        if (first.index() == 1)
            co_return std::get<1>(first);
    }
    co_return std::nullopt;
}

} // namespace mutants
