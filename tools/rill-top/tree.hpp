// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "relations.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace top {

/// A line of the tree, without its text: what is drawn is made for the rows that are seen.
struct tree_row {
    enum class kind : std::uint8_t {
        loop,     // `index` is in relations::loops
        deadlock, // in relations::cycles
        task,     // in snapshot::tasks
    };

    kind what = kind::task;
    bool last = false; // of its siblings
    bool has_children = false;
    position index = 0;
    std::uint32_t depth = 0;
    std::uint32_t guides = 0; // bit i: the ancestor at depth i has siblings below it
};

/// The rows of all loops: a heading each, its deadlocks, and its tasks below their parents.
/// `order` has the tasks to show, with all of their ancestors, in the order of siblings. Takes no
/// stack: chains may be of any length.
std::vector<tree_row>
tree_rows(const snapshot& of, const relations& related, const std::vector<position>& order);

/// The lines that lead to a task, such as "│   ├── ". Beyond `deepest_indent` the depth is written
/// as a number, so that a chain of 100 000 tasks is as wide as one of 32.
std::string tree_branch(const tree_row& row);

inline constexpr std::uint32_t deepest_indent = 32;

/// What stands in a row, branch included, without the stack of a task.
std::string tree_row_text(const snapshot& of, const relations& related, const tree_row& row);

/// The whole tree with the stacks of all tasks, lines with their ends.
std::string tree_text(const snapshot& of);

} // namespace top
