// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/detail/watch/cycle_finder.hpp>
#include <rill/detail/watch/describe.hpp>
#include <rill/detail/watch/task_text.hpp>
#include <rill/detail/watch/task_tree.hpp>
#include <rill/introspect.hpp>

#include <ostream>
#include <utility>

namespace rill::RILL_FORM::detail {

RILL_DECL tree_writer::tree_writer(const std::vector<task_info>& tasks)
    : tasks_(tasks)
{
    for (std::size_t i = 0; i < tasks.size(); ++i)
        by_id_.emplace(tasks[i].id, i);
    children_.resize(tasks.size());
    for (std::size_t i = 0; i < tasks.size(); ++i) {
        const auto parent = tasks[i].parent ? by_id_.find(*tasks[i].parent) : by_id_.end();
        (parent == by_id_.end() ? roots_ : children_[parent->second]).push_back(i);
    }
}

RILL_DECL std::string tree_writer::text() const
{
    std::string out;
    std::vector<entry> open;
    push(roots_, {}, open);
    while (!open.empty()) {
        const entry e = std::move(open.back());
        open.pop_back();
        write(e, out);
        push(children_[e.task], e.indent + (e.last ? "    " : "│   "), open);
    }
    return out;
}

RILL_DECL void
tree_writer::push(const std::vector<std::size_t>& tasks, std::string indent, std::vector<entry>& to)
{
    if (indent.size() > deepest_indent)
        indent = "... ";
    for (std::size_t i = tasks.size(); i > 0; --i)
        to.push_back({tasks[i - 1], indent, i == tasks.size()});
}

RILL_DECL void tree_writer::write(const entry& e, std::string& out) const
{
    const task_info& t = tasks_[e.task];
    out += e.indent + (e.last ? "└── " : "├── ") + line_of(t) + "\n";
    const std::string below = e.indent + (e.last ? "    " : "│   ") + "    ";
    if (t.stack.size() > 1)
        for (const std::source_location& place : t.stack)
            out += below + frame_of(place) + "\n";
}

} // namespace rill::RILL_FORM::detail

namespace rill::RILL_FORM {

RILL_DECL std::string to_text(const loop_snapshot& s)
{
    std::string out = detail::counted(s.tasks.size(), "task", "tasks") + ", " +
                      std::to_string(s.loop.ready) + " ready, " + std::to_string(s.loop.timers) +
                      " timers, lag p99 " + detail::text_of(s.loop.lag_percentile(0.99)) + "\n";
    for (const std::vector<std::size_t>& cycle : detail::cycle_finder(s.tasks).find()) {
        out += "deadlock: ";
        for (const std::size_t i : cycle)
            out += detail::printable(s.tasks[i].name) + " -> ";
        out += detail::printable(s.tasks[cycle.front()].name) + "\n";
    }
    return out + detail::tree_writer(s.tasks).text();
}

RILL_DECL void dump_tasks(std::ostream& to)
{
    to << to_text(detail::snapshot_of(detail::loop_core::running()));
}

} // namespace rill::RILL_FORM
