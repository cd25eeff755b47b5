// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/detail/loop/cancel_delivery.hpp>
#include <rill/detail/loop/task_state.hpp>

namespace rill::RILL_FORM::detail {

RILL_DECL void cancel_delivery::deliver(task_state& task, bool again)
{
    task.retain();
    requests_.push_back({&task, again});
    if (delivering_)
        return;
    delivering_ = true;
    ++round_;
    while (!requests_.empty()) {
        const request next = requests_.front();
        requests_.pop_front();
        // One that comes by again has gone in a circle, or two ways: that is no insisting.
        if (!next.task->done() && !(next.again && next.task->reached_in_this_round()))
            next.task->deliver(next.again);
        next.task->release();
    }
    delivering_ = false;
}

} // namespace rill::RILL_FORM::detail
