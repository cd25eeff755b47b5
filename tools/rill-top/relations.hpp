// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "snapshot.hpp"

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace top {

/// A place in snapshot::tasks or snapshot::loops.
using position = std::uint32_t;

inline constexpr position nobody = UINT32_MAX;

/// Finds tasks by loop and id. It refers to `tasks`, which must outlive it.
class task_index {
public:
    explicit task_index(const std::vector<task_info>& tasks);

    /// The first with this id; `nobody` if there is none.
    position find(std::string_view loop, std::uint64_t id) const;

private:
    struct key {
        std::string_view loop;
        std::uint64_t id;
        bool operator==(const key&) const = default;
    };

    struct key_hash {
        std::size_t operator()(const key& k) const noexcept;
    };

    std::unordered_map<key, position, key_hash> positions_;
};

/// How the tasks of a snapshot belong together: loops, parents, and who awaits whom. Built once
/// for each snapshot, which must outlive it; whatever the service claims, parents form no cycle.
class relations {
public:
    explicit relations(const snapshot& of);

    /// A loop of the snapshot, or one that only tasks name.
    struct loop_entry {
        std::string_view name;
        position info = nobody; // in snapshot::loops
        std::size_t tasks = 0;  // those in the snapshot
    };

    /// In the order of the snapshot.
    const std::vector<loop_entry>& loops() const noexcept { return loops_; }

    /// Which of loops() a task belongs to.
    position loop_of(position task) const noexcept { return loop_of_[task]; }

    /// `nobody`: a root, or one whose parent has ended.
    position parent(position task) const noexcept { return parents_[task]; }

    /// Tasks that await each other, each the next and the last the first. Every task that is in
    /// such a cycle is in one of these, until there are `most_cycles` of them.
    const std::vector<std::vector<position>>& cycles() const noexcept { return cycles_; }

    bool deadlocked(position task) const noexcept { return deadlocked_[task]; }

    const task_index& index() const noexcept { return index_; }

    static constexpr std::size_t most_cycles = 16;

private:
    void find_loops(const snapshot& of);
    void find_parents(const snapshot& of);
    void break_parent_cycles();
    void find_deadlocks(const snapshot& of);

    task_index index_;
    std::vector<loop_entry> loops_;
    std::vector<position> loop_of_;
    std::vector<position> parents_;
    std::vector<std::vector<position>> cycles_;
    std::vector<bool> deadlocked_;
};

} // namespace top
