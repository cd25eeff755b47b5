// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/detail/operation.hpp>
#include <rill/detail/task_state.hpp>

namespace rill::testing::detail {

/// Ends the wait of a task with operation_aborted, though nobody has cancelled the task. False, and
/// nothing is done, where it waits for none of Rill's operations, or has what it waited for.
///
/// The operation ends as at a cancellation, which is how it leaves its line in good order; so a wait
/// that is shielded from those, a group's for its children say, cannot fail either.
inline bool fail_wait(const rill::detail::task_state& task)
{
    rill::detail::operation* const wait = task.waiting;
    if (!wait || wait->ready())
        return false;
    for (const rill::detail::scope* s = task.scopes(); s; s = s->outer)
        if (s->shield)
            return false;
    wait->cancel();
    return true;
}

} // namespace rill::testing::detail
