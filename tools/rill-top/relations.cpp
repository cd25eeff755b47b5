// SPDX-License-Identifier: BSL-1.0
#include "relations.hpp"

#include "cycles.hpp"

#include <algorithm>
#include <functional>
#include <utility>

namespace top {

task_index::task_index(const std::vector<task_info>& tasks)
{
    positions_.reserve(tasks.size());
    for (position i = 0; i < tasks.size(); ++i)
        positions_.emplace(key{tasks[i].loop, tasks[i].id}, i);
}

position task_index::find(std::string_view loop, std::uint64_t id) const
{
    const auto found = positions_.find(key{loop, id});
    return found == positions_.end() ? nobody : found->second;
}

std::size_t task_index::key_hash::operator()(const key& k) const noexcept
{
    return std::hash<std::string_view>()(k.loop) ^ k.id * 0x9e3779b97f4a7c15;
}

relations::relations(const snapshot& of)
    : index_(of.tasks)
{
    find_loops(of);
    find_parents(of);
    break_parent_cycles();
    find_deadlocks(of);
}

void relations::find_loops(const snapshot& of)
{
    std::unordered_map<std::string_view, position> known;
    const auto entry_of = [&](std::string_view name, position info) -> position {
        const auto [at, is_new] = known.try_emplace(name, static_cast<position>(loops_.size()));
        if (is_new)
            loops_.push_back({name, info, 0});
        return at->second;
    };
    for (position i = 0; i < of.loops.size(); ++i)
        entry_of(of.loops[i].name, i);
    for (const task_info& task : of.tasks) {
        loop_of_.push_back(entry_of(task.loop, nobody));
        ++loops_[loop_of_.back()].tasks;
    }
}

void relations::find_parents(const snapshot& of)
{
    parents_.reserve(of.tasks.size());
    for (const task_info& task : of.tasks)
        parents_.push_back(task.parent ? index_.find(task.loop, *task.parent) : nobody);
}

/// Climbs from each task until it meets what has been climbed before. If that belongs to the same
/// climb, it is its own ancestor, and becomes a root.
void relations::break_parent_cycles()
{
    std::vector<position> climbed_from(parents_.size(), nobody);
    for (position start = 0; start < parents_.size(); ++start) {
        position at = start;
        while (at != nobody && climbed_from[at] == nobody) {
            climbed_from[at] = start;
            at = parents_[at];
        }
        if (at != nobody && climbed_from[at] == start)
            parents_[at] = nobody;
    }
}

void relations::find_deadlocks(const snapshot& of)
{
    graph awaiters;
    for (const task_info& task : of.tasks) {
        for (const std::uint64_t id : task.awaited_by)
            if (const position awaiter = index_.find(task.loop, id); awaiter != nobody)
                awaiters.add_edge(awaiter);
        awaiters.end_node();
    }
    found_cycles found = find_cycles(awaiters, most_cycles);
    for (auto& cycle : found.cycles)
        std::reverse(cycle.begin() + 1, cycle.end()); // from "is awaited by" to "awaits"
    cycles_ = std::move(found.cycles);
    deadlocked_ = std::move(found.in_cycle);
}

} // namespace top
