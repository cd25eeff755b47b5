// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/detail/form.hpp>
#include <rill/detail/simulation.hpp>

namespace rill::RILL_FORM::testing::simulation {

/// Whether a task waits for an operation of Rill's that is not over. The operation is made to end
/// as a cancellation ends it, which is how it leaves its line in good order; so a wait that is
/// shielded from those, a group's for its children say, cannot fail either.
inline bool can_fail(const task_state& task) noexcept
{
    if (!task.waiting || task.waiting->ready())
        return false;
    for (const scope* s = task.top(); s; s = s->outer)
        if (s->shield)
            return false;
    return true;
}

/// Ends that wait with operation_aborted, though nobody has cancelled the task. False if there is
/// none.
inline bool fail_wait(const task_state& task)
{
    if (!can_fail(task))
        return false;
    task.waiting->cancel();
    return true;
}

} // namespace rill::RILL_FORM::testing::simulation
