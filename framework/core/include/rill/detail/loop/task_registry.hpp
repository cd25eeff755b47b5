// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/detail/form.hpp>
#include <rill/detail/intrusive_list.hpp>

#include <cstddef>
#include <cstdint>
#include <deque>
#include <utility>

namespace rill::RILL_FORM::detail {

class future_state;
class held_object;
class live_generator;
class task_state;

struct in_tasks;        // tag: a place in the loop's list of all tasks
struct in_futures;      // tag: of all futures
struct in_generators;   // tag: of the generators that have begun
struct in_held_objects; // tag: of what tasks can hold

/// Names a task for an executor. An executor may outlive its task (a socket made in one task and
/// used by another carries it), so it holds the slot and the generation that it was made for.
struct task_slot {
    union {
        task_state* task = nullptr; // of this generation
        task_slot* next_free;       // between two generations
    };
    std::uint32_t generation = 0;
};

/// What a loop keeps track of, and does not own: its tasks, futures, generators and locks.
class task_registry {
public:
    intrusive_list<task_state, in_tasks> tasks; // that have not ended
    intrusive_list<task_state, in_tasks>
        ended_tasks; // that have handles, which may outlive the loop
    intrusive_list<future_state, in_futures> futures;
    intrusive_list<live_generator, in_generators> generators;
    intrusive_list<held_object, in_held_objects> held_objects;

    task_slot& take_slot(task_state& task)
    {
        ++task_count_;
        task_slot* slot = free_slots_;
        if (slot)
            free_slots_ = slot->next_free;
        else
            slot = &slots_.emplace_back();
        slot->task = &task;
        return *slot;
    }

    void give_back(task_slot& slot) noexcept
    {
        --task_count_;
        ++slot.generation;
        slot.next_free = std::exchange(free_slots_, &slot);
    }

    /// Of those that have not ended.
    std::size_t task_count() const noexcept { return task_count_; }

    /// Tasks are numbered from 1 in the order of their creation.
    std::uint64_t next_task_number() noexcept { return ++task_number_; }

    std::uint64_t last_task_number() const noexcept { return task_number_; }

private:
    std::deque<task_slot> slots_; // never shrinks: executors refer to them
    task_slot* free_slots_ = nullptr;
    std::size_t task_count_ = 0;
    std::uint64_t task_number_ = 0;
};

} // namespace rill::RILL_FORM::detail
