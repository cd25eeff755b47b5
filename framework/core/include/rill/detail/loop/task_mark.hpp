// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/detail/form.hpp>
#include <rill/detail/loop/task_state.hpp>

namespace rill::RILL_FORM::detail {

/// Remembers a task without keeping it. Valid as long as its loop.
class task_mark {
public:
    task_mark() = default;

    explicit task_mark(const task_state* task) noexcept;

    /// Null if there was none, or it has ended.
    const task_state* task() const noexcept;

    bool has_ended() const noexcept { return slot_ && !task(); }

private:
    const task_slot* slot_ = nullptr;
    std::uint32_t generation_ = 0;
};

} // namespace rill::RILL_FORM::detail

#ifndef RILL_SEPARATE_COMPILATION
#include <rill/impl/task_mark.ipp>
#endif
