// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/detail/form.hpp>
#include <rill/detail/loop/task_state.hpp>

namespace rill::RILL_FORM::detail {

/// Remembers a task without keeping it. Valid as long as its loop.
class task_mark {
public:
    task_mark() = default;

    explicit task_mark(const task_state* task) noexcept
    {
        if (!task)
            return;
        slot_ = &task->place();
        generation_ = task->generation();
    }

    /// Null if there was none, or it has ended.
    const task_state* task() const noexcept
    {
        return slot_ && slot_->generation == generation_ ? slot_->task : nullptr;
    }

    bool has_ended() const noexcept { return slot_ && !task(); }

private:
    const task_slot* slot_ = nullptr;
    std::uint32_t generation_ = 0;
};

} // namespace rill::RILL_FORM::detail
