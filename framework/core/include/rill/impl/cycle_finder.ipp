// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/detail/watch/cycle_finder.hpp>
#include <rill/introspect.hpp>

#include <algorithm>
#include <cstdint>
#include <unordered_map>
#include <utility>

namespace rill::RILL_FORM::detail {

RILL_DECL cycle_finder::cycle_finder(const std::vector<task_info>& tasks)
    : tasks_(tasks)
    , awaited_(tasks.size())
    , state_(tasks.size(), unseen)
{
    std::unordered_map<std::uint64_t, std::size_t> by_id;
    for (std::size_t i = 0; i < tasks.size(); ++i)
        by_id.emplace(tasks[i].id, i);
    for (std::size_t i = 0; i < tasks.size(); ++i)
        for (const std::uint64_t waiter : tasks[i].awaited_by)
            if (const auto at = by_id.find(waiter); at != by_id.end())
                awaited_[at->second].push_back(i);
}

RILL_DECL std::vector<std::vector<std::size_t>> cycle_finder::find()
{
    for (std::size_t i = 0; i < tasks_.size(); ++i)
        if (state_[i] == unseen)
            walk_from(i);
    return std::move(cycles_);
}

RILL_DECL void cycle_finder::walk_from(std::size_t first)
{
    enter(first);
    while (!path_.empty()) {
        step& last = path_.back();
        if (last.next == awaited_[last.task].size()) {
            state_[last.task] = left;
            path_.pop_back();
            continue;
        }
        const std::size_t next = awaited_[last.task][last.next++];
        if (state_[next] == unseen)
            enter(next);
        else if (state_[next] == on_path)
            note_cycle(next);
    }
}

RILL_DECL void cycle_finder::note_cycle(std::size_t first)
{
    const auto is_first = [=](const step& s) { return s.task == first; };
    std::vector<std::size_t>& cycle = cycles_.emplace_back();
    for (auto s = std::find_if(path_.begin(), path_.end(), is_first); s != path_.end(); ++s)
        cycle.push_back(s->task);
}

} // namespace rill::RILL_FORM::detail

namespace rill::RILL_FORM {

RILL_DECL std::vector<std::vector<std::uint64_t>> find_cycles(const std::vector<task_info>& tasks)
{
    std::vector<std::vector<std::uint64_t>> cycles;
    for (const std::vector<std::size_t>& cycle : detail::cycle_finder(tasks).find()) {
        std::vector<std::uint64_t>& ids = cycles.emplace_back();
        for (const std::size_t i : cycle)
            ids.push_back(tasks[i].id);
    }
    return cycles;
}

} // namespace rill::RILL_FORM
