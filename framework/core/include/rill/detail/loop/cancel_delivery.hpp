// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/detail/form.hpp>

#include <cstdint>
#include <deque>

namespace rill::RILL_FORM::detail {

class task_state;

/// Cancellations on their way to tasks. What one reaches may be further tasks, each of which passes
/// it on; they are told one after another, so that a chain of any length needs no deep stack.
class cancel_delivery {
public:
    /// `again`: the task had been told before, and somebody insists.
    void deliver(task_state& task, bool again);

    /// Counts the requests to stop that have gone round, from task to task.
    std::uint32_t round() const noexcept { return round_; }

private:
    struct request {
        task_state* task;
        bool again;
    };

    std::deque<request> requests_;
    bool delivering_ = false;
    std::uint32_t round_ = 0;
};

} // namespace rill::RILL_FORM::detail
