// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/clock.hpp>
#include <rill/detail/form.hpp>
#include <rill/detail/watch/loop_meter.hpp>
#include <rill/detail/watch/loop_observer.hpp>
#include <rill/detail/watch/noted_places.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace rill::RILL_FORM::detail {

class deadlines;
class ready_node;
struct task_slot;

/// Knows what a loop does at present: it counts turns and steps, tells observers of them, and finds
/// out whose step was slow.
class loop_monitor {
public:
    explicit loop_monitor(const deadlines& time) noexcept
        : time_(time)
    {}

    loop_meter meter;

    void add(loop_observer& o)
    {
        observers_.push_back(&o);
        watched_ = true;
    }

    /// Observers may be added and removed while they are told of something: who is removed hears
    /// nothing more, who is added hears the next event.
    void remove(loop_observer& o) noexcept;

    void forget_observers() noexcept;

    bool observed() const noexcept { return !observers_.empty(); }

    /// In the order in which they were added.
    void tell(loop_event event, task_state* task) noexcept;

    void begin_turn() noexcept;
    void end_turn() noexcept;

    /// Of `task`, or of nobody's. `node` is what runs, as far as it comes from the ready queue.
    void begin_step(task_state* task, ready_node* node) noexcept;

    void end_step() noexcept
    {
        if (watched_) [[unlikely]]
            end_watched_step();
    }

    void note_end(const task_state& task) noexcept;

    /// What runs now, where that is no task's; null for a handler of Asio's.
    ready_node* stepping() const noexcept { return stepping_; }

private:
    void begin_watched_step(task_state* task, ready_node* node) noexcept;
    void begin_timed_step(task_state* task) noexcept;
    void end_watched_step() noexcept;
    std::string name_of_last_step() const;
    void note_slow(duration took, std::uint64_t steps) noexcept;
    void forget_removed() noexcept;

    static constexpr loop_observer* no_observer = nullptr; // in the place of one that was removed

    const deadlines& time_;
    std::vector<loop_observer*> observers_;
    unsigned telling_ = 0;     // events within events
    bool watched_ = false;     // somebody is to be told of each step
    bool times_steps_ = false; // the meter is
    time_point step_began_{};
    ready_node* stepping_ = nullptr;
    noted_places step_places_;             // where its task was
    std::string step_task_;                // the name that the task had, if it has ended in it
    std::uint64_t step_task_number_ = 0;   // and its number
    const task_slot* last_step_ = nullptr; // whose it was
    std::uint32_t last_step_generation_ = 0;
};

/// A step that is counted, and watched if somebody does.
class step_count {
public:
    step_count(loop_monitor& monitor, task_state* task, ready_node* node) noexcept
        : monitor_(monitor)
    {
        monitor.begin_step(task, node);
    }

    ~step_count() { monitor_.end_step(); }

    step_count(const step_count&) = delete;
    step_count& operator=(const step_count&) = delete;

private:
    loop_monitor& monitor_;
};

} // namespace rill::RILL_FORM::detail
