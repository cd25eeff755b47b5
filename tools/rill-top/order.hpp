// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "rates.hpp"

#include <string_view>
#include <vector>

namespace top {

enum class sort_order { id, longest_wait, steps, name, age };

/// As the screen names it.
std::string_view to_string(sort_order order);

/// The one that the key s leads to.
sort_order next_order(sort_order order);

/// All tasks: by loop and id; or the longest wait, the most steps per second (steps, where there
/// are no rates), the first name, the oldest of all loops first. Equal ones are in order of id.
std::vector<position> in_order(const snapshot& of, const rates& r, sort_order order);

/// Whether the task's name, loop, state, group, place or what it waits for contains `text`, in
/// upper or lower case.
bool matches(const task_info& task, std::string_view text);

/// The tasks of `order` that match, or have a descendant that does; in the same order.
std::vector<position> with_ancestors(
    const snapshot& of,
    const relations& related,
    const std::vector<position>& order,
    std::string_view text
);

/// The tasks of `order` that match.
std::vector<position>
matching(const snapshot& of, const std::vector<position>& order, std::string_view text);

} // namespace top
