// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/detail/loop/task_state.hpp>

namespace rill::RILL_FORM::detail {

RILL_DECL void cancel_delivery::deliver(task_state& task, bool again) noexcept
{
    if (static_cast<hook<in_delivery>&>(task).linked())
        return;
    task.retain();
    task.told_again = again;
    line_.push_back(task);
    if (!delivering_)
        deliver_all();
}

RILL_DECL void cancel_delivery::deliver_all() noexcept
{
    delivering_ = true;
    ++round_;
    while (task_state* const task = line_.pop_front()) {
        const bool again = task->told_again;
        // One that comes by again has gone in a circle, or two ways: that is no insisting.
        if (!task->done() && !(again && task->reached_in_this_round()))
            task->deliver(again);
        task->release();
    }
    delivering_ = false;
}

} // namespace rill::RILL_FORM::detail
