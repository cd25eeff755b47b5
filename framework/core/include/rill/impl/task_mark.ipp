// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/detail/loop/task_mark.hpp>

namespace rill::RILL_FORM::detail {

RILL_DECL task_mark::task_mark(const task_state* task) noexcept
{
    if (!task)
        return;
    slot_ = &task->place();
    generation_ = task->generation();
}

RILL_DECL const task_state* task_mark::task() const noexcept
{
    return slot_ && slot_->generation == generation_ ? slot_->task : nullptr;
}

} // namespace rill::RILL_FORM::detail
