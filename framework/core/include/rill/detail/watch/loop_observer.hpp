// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/detail/form.hpp>
namespace rill::RILL_FORM::detail {

class task_state;

enum class loop_event {
    turn_begins, // it comes from waiting for the sockets
    turn_ends,   // it goes there
    step_begins, // of a task, or of a callback
    step_ends,   // the task may be gone, and is not passed
    task_created,
    task_ended,
};

/// Somebody who is told what a loop does, while it does it. While there is none, nothing is spent on
/// it but a look at a flag.
class loop_observer {
public:
    /// `task` is null where it is none's.
    virtual void on(loop_event event, task_state* task) noexcept = 0;

protected:
    ~loop_observer() = default;
};

} // namespace rill::RILL_FORM::detail
