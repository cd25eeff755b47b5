// SPDX-License-Identifier: BSL-1.0
#include "details.hpp"

#include "text.hpp"
#include "wording.hpp"

#include <algorithm>

namespace top {

namespace {

constexpr std::size_t label_width = 12;

/// "awaited by  main"; nothing where there is nothing to say.
void add(std::vector<std::string>& lines, std::string_view label, const std::string& text)
{
    if (!text.empty())
        lines.push_back("  " + fitted(label, label_width) + text);
}

std::string parent_of(const snapshot& of, const relations& related, position task)
{
    const auto& id = of.tasks[task].parent;
    if (!id)
        return "";
    const position parent = related.parent(task);
    return parent == nobody ? "task " + std::to_string(*id) + ", which has ended"
                            : name_of(of.tasks[parent]) + " (id " + std::to_string(*id) + ")";
}

std::string steps_of(const snapshot& of, const rates& r, position task)
{
    const auto now = r.steps_of(task);
    return std::to_string(of.tasks[task].steps) + (now ? ", " + rate(*now) + " per second" : "");
}

} // namespace

std::vector<std::string>
details_of(const snapshot& of, const relations& related, const rates& r, position position_of_task)
{
    const task_info& task = of.tasks[position_of_task];
    std::vector<std::string> lines;
    lines.push_back(
        name_of(task) + "  (id " + std::to_string(task.id) + " of " + printable(task.loop) + ")"
    );
    add(lines, "state", state_of(task) + " " + milliseconds(task.since_ms));
    add(lines, "waits for", printable(task.waits_for));
    add(lines, "at", printable(task.where));
    add(lines, "deadline", deadline_of(task));
    add(lines, "steps", steps_of(of, r, position_of_task));
    add(lines, "parent", parent_of(of, related, position_of_task));
    add(lines, "group", printable(task.group));
    add(lines, "awaited by", awaiters_of(of, related, task));
    for (const auto& cycle : related.cycles())
        if (std::find(cycle.begin(), cycle.end(), position_of_task) != cycle.end())
            lines.push_back("  " + deadlock_text(of, cycle));
    for (const std::string& what : task.holds)
        add(lines, "holds", printable(what));
    for (const auto& [name, value] : task.context)
        add(lines, "context", printable(name) + " = " + printable(value));
    if (!task.stack.empty())
        lines.push_back("  stack");
    for (const stack_frame& frame : task.stack)
        lines.push_back("    " + frame_text(frame));
    return lines;
}

} // namespace top
