// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/detail/loop/deadlines.hpp>
#include <rill/detail/loop/task_state.hpp>
#include <rill/detail/watch/loop_monitor.hpp>

#include <algorithm>
#include <utility>

namespace rill::RILL_FORM::detail {

RILL_DECL void loop_monitor::remove(loop_observer& o) noexcept
{
    std::replace(observers_.begin(), observers_.end(), &o, no_observer);
    if (telling_ == 0)
        forget_removed();
}

RILL_DECL void loop_monitor::forget_observers() noexcept
{
    for (loop_observer*& o : observers_)
        o = no_observer;
    forget_removed();
}

RILL_DECL void loop_monitor::forget_removed() noexcept
{
    std::erase(observers_, no_observer);
    watched_ = !observers_.empty() || times_steps_;
}

RILL_DECL void loop_monitor::tell(loop_event event, task_state* task) noexcept
{
    if (!observed())
        return;
    ++telling_;
    for (std::size_t i = 0, n = observers_.size(); i < n; ++i)
        if (loop_observer* const o = observers_[i])
            o->on(event, task);
    if (--telling_ == 0)
        forget_removed();
}

RILL_DECL void loop_monitor::begin_turn() noexcept
{
    step_began_ = time_.now();
    meter.begin_turn(step_began_);
    last_step_ = nullptr;
    step_task_number_ = 0;
    if (watched_) [[unlikely]]
        tell(loop_event::turn_begins, nullptr);
}

RILL_DECL void loop_monitor::end_turn() noexcept
{
    const time_point time = time_.now();
    const bool slow = meter.end_turn(time);
    if (slow && !times_steps_ && meter.notable(time - meter.turn_began()))
        note_slow(time - meter.turn_began(), meter.steps_of_turn());
    times_steps_ = meter.times_steps(time);
    watched_ = times_steps_ || !observers_.empty();
    if (watched_) [[unlikely]]
        tell(loop_event::turn_ends, nullptr);
}

RILL_DECL void loop_monitor::begin_watched_step(task_state* task, ready_node* node) noexcept
{
    stepping_ = node;
    if (times_steps_)
        begin_timed_step(task);
    tell(loop_event::step_begins, task);
}

/// It began where the one before it ended. Its coroutines may be gone when it turns out to be slow,
/// but hardly ever it does: what is noted is only read then.
RILL_DECL void loop_monitor::begin_timed_step(task_state* task) noexcept
{
    step_task_number_ = 0;
    step_places_.clear();
    if (!task)
        last_step_ = nullptr;
    for (const coroutine_place* c = task ? task->coroutines.innermost : nullptr; c; c = c->outer())
        if (!step_places_.add(c->where()))
            break;
}

RILL_DECL void loop_monitor::end_watched_step() noexcept
{
    tell(loop_event::step_ends, nullptr);
    if (!times_steps_)
        return;
    const time_point time = time_.now();
    const duration took = time - std::exchange(step_began_, time);
    if (meter.notable(took))
        note_slow(took, 1);
}

/// The step that is timed may be the last one of its task.
RILL_DECL void loop_monitor::note_end(const task_state& task) noexcept
{
    if (!times_steps_ || last_step_ != &task.place())
        return;
    step_task_number_ = task.number();
    try {
        step_task_ = task.given_name();
    } catch (...) { // no memory: it goes by its number
    }
}

/// Whose the last step was; empty for nobody's.
RILL_DECL std::string loop_monitor::name_of_last_step() const
{
    if (!last_step_)
        return {};
    if (last_step_->generation == last_step_generation_)
        return last_step_->task->name();
    if (step_task_number_ == 0)
        return "a task that has ended";
    return step_task_.empty() ? task_state::name_of(step_task_number_) : step_task_;
}

RILL_DECL void loop_monitor::note_slow(duration took, std::uint64_t steps) noexcept
{
    try {
        slow_step step{took, name_of_last_step(), {}, time_.now() - took, steps};
        if (times_steps_)
            step.where = step_places_.innermost_of_program();
        meter.add(std::move(step));
    } catch (...) { // no memory: it goes unrecorded
    }
}

} // namespace rill::RILL_FORM::detail
