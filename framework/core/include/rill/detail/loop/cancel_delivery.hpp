// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/detail/form.hpp>
#include <rill/detail/intrusive_list.hpp>

#include <cstdint>
#include <utility>

namespace rill::RILL_FORM::detail {

struct in_delivery; // tag: a task to which a cancellation is on its way
class task_state;

/// Cancellations on their way to tasks. What one reaches may be further tasks, each of which passes
/// it on; they are told one after another, so that a chain of any length needs no deep stack. The
/// tasks themselves stand in line, so that none of it needs memory.
class cancel_delivery {
public:
    /// `again`: the task had been told before, and somebody insists.
    void deliver(task_state& task, bool again) noexcept;

    /// Calls `f()`, which asks for the cancellation of several; they are told when it has returned.
    template <class F>
    void together(F f) noexcept
    {
        const bool within = std::exchange(delivering_, true);
        f();
        if (!within)
            deliver_all();
    }

    /// Counts the requests to stop that have gone round, from task to task.
    std::uint32_t round() const noexcept { return round_; }

private:
    void deliver_all() noexcept;

    intrusive_list<task_state, in_delivery> line_; // each is held
    bool delivering_ = false;
    std::uint32_t round_ = 0;
};

} // namespace rill::RILL_FORM::detail
