// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "snapshot.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace test {

/// A task of "worker-0".
inline top::task_info
task(std::uint64_t id, std::string name, std::optional<std::uint64_t> parent = std::nullopt)
{
    top::task_info t;
    t.loop = "worker-0";
    t.id = id;
    t.name = std::move(name);
    t.parent = parent;
    return t;
}

inline top::snapshot of_tasks(std::vector<top::task_info> tasks)
{
    top::snapshot s;
    s.tasks = std::move(tasks);
    return s;
}

/// `tasks[i]` awaits `tasks[awaited[i]]`, by position.
inline top::snapshot
awaiting(std::size_t tasks, const std::vector<std::pair<std::size_t, std::size_t>>& edges)
{
    top::snapshot s;
    for (std::size_t i = 0; i < tasks; ++i)
        s.tasks.push_back(task(i, std::string(1, static_cast<char>('a' + i % 26))));
    for (const auto& [awaiter, awaited] : edges)
        s.tasks[awaited].awaited_by.push_back(awaiter);
    return s;
}

/// What a service sends, as a snapshot.
inline top::snapshot from_lines(const std::vector<std::string_view>& lines)
{
    top::snapshot s;
    for (const std::string_view line : lines) {
        top::message said = top::parse_message(line);
        if (auto* info = std::get_if<top::service_info>(&said))
            s.info = std::move(*info);
        else if (auto* loop = std::get_if<top::loop_info>(&said))
            s.loops.push_back(std::move(*loop));
        else if (auto* one = std::get_if<top::task_info>(&said))
            s.tasks.push_back(std::move(*one));
    }
    return s;
}

} // namespace test
