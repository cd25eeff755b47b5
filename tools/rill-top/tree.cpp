// SPDX-License-Identifier: BSL-1.0
#include "tree.hpp"

#include "order.hpp"
#include "text.hpp"
#include "wording.hpp"

#include <algorithm>

namespace top {

namespace {

static_assert(deepest_indent <= 32, "guides has a bit for each");

/// The tasks to show as lists of siblings.
class family {
public:
    family(const snapshot& of, const relations& related, const std::vector<position>& order)
        : related_(related)
        , first_child_(of.tasks.size(), nobody)
        , next_sibling_(of.tasks.size(), nobody)
        , first_root_(related.loops().size(), nobody)
    {
        // From the last to the first, since each is put in front of its siblings.
        for (auto task = order.rbegin(); task != order.rend(); ++task) {
            position& first = first_of(*task);
            next_sibling_[*task] = first;
            first = *task;
        }
    }

    position first_root(position loop) const { return first_root_[loop]; }
    position first_child(position task) const { return first_child_[task]; }
    position next_sibling(position task) const { return next_sibling_[task]; }

private:
    position& first_of(position task)
    {
        const position parent = related_.parent(task);
        return parent == nobody ? first_root_[related_.loop_of(task)] : first_child_[parent];
    }

    const relations& related_;
    std::vector<position> first_child_;
    std::vector<position> next_sibling_;
    std::vector<position> first_root_;
};

/// Adds the tasks of one loop, each before its children, by walking along parents and siblings.
void add_tasks(
    std::vector<tree_row>& rows, const family& tasks, const relations& related, position root
)
{
    std::uint32_t depth = 0;
    std::uint32_t guides = 0;
    for (position at = root; at != nobody;) {
        tree_row row;
        row.index = at;
        row.depth = depth;
        row.last = tasks.next_sibling(at) == nobody;
        row.has_children = tasks.first_child(at) != nobody;
        if (depth < deepest_indent) {
            const std::uint32_t own = std::uint32_t(1) << depth;
            guides = (guides & (own - 1)) | (row.last ? 0 : own);
        }
        row.guides = guides;
        rows.push_back(row);

        if (row.has_children) {
            at = tasks.first_child(at);
            ++depth;
            continue;
        }
        while (at != nobody && tasks.next_sibling(at) == nobody) {
            at = related.parent(at);
            --depth; // wraps above the root, where the walk ends
        }
        if (at != nobody)
            at = tasks.next_sibling(at);
    }
}

std::string guides_of(const tree_row& row, std::uint32_t levels)
{
    std::string text;
    for (std::uint32_t level = 0; level < levels; ++level)
        text += row.guides >> level & 1 ? "│   " : "    ";
    return text;
}

/// What stands before the stack of a task, below its name.
std::string stack_branch(const tree_row& row)
{
    const std::uint32_t levels = std::min(row.depth, deepest_indent);
    std::string text = guides_of(row, levels);
    if (row.depth > deepest_indent)
        text += std::string(std::to_string(row.depth).size() + 3, ' ');
    text += row.last ? "    " : "│   ";
    return text + (row.has_children ? "│ " : "  ");
}

} // namespace

std::vector<tree_row>
tree_rows(const snapshot& of, const relations& related, const std::vector<position>& order)
{
    const family tasks(of, related, order);
    std::vector<tree_row> rows;
    rows.reserve(order.size() + related.loops().size());
    for (position loop = 0; loop < related.loops().size(); ++loop) {
        rows.push_back({tree_row::kind::loop, false, false, loop, 0, 0});
        for (position i = 0; i < related.cycles().size(); ++i)
            if (related.loop_of(related.cycles()[i].front()) == loop)
                rows.push_back({tree_row::kind::deadlock, false, false, i, 0, 0});
        add_tasks(rows, tasks, related, tasks.first_root(loop));
    }
    return rows;
}

std::string tree_branch(const tree_row& row)
{
    std::string text = guides_of(row, std::min(row.depth, deepest_indent));
    if (row.depth > deepest_indent)
        text += "[" + std::to_string(row.depth) + "] ";
    return text + (row.last ? "└── " : "├── ");
}

std::string tree_row_text(const snapshot& of, const relations& related, const tree_row& row)
{
    switch (row.what) {
    case tree_row::kind::loop: return loop_text(of, related.loops()[row.index]);
    case tree_row::kind::deadlock: return deadlock_text(of, related.cycles()[row.index]);
    case tree_row::kind::task: break;
    }
    const task_info& task = of.tasks[row.index];
    return tree_branch(row) + name_of(task) + "  " + story_of(task, related.deadlocked(row.index));
}

std::string tree_text(const snapshot& of)
{
    const relations related(of);
    std::string text;
    for (const tree_row& row : tree_rows(of, related, in_order(of, {}, sort_order::id))) {
        text += tree_row_text(of, related, row) + "\n";
        if (row.what != tree_row::kind::task)
            continue;
        const std::string branch = stack_branch(row);
        for (const stack_frame& frame : of.tasks[row.index].stack)
            text += branch + frame_text(frame) + "\n";
    }
    if (of.left_out > 0)
        text += left_out_text(of) + "\n";
    return text;
}

} // namespace top
