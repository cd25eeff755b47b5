// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/detail/task_state.hpp>

#include <stdexcept>

namespace rill {

/// While it lives, no cancellation from outside reaches the current task: neither one that is due
/// already nor one that comes. It shows at the first wait after the scope was left. Mirrors
/// asyncio.shield for a block, and trio's CancelScope(shield=True).
///
/// It is for cleanup that must wait. Create it as a local of a coroutine that runs as a task, and
/// destroy it there; std::logic_error elsewhere. Timeouts inside it work as ever.
class [[nodiscard]] shield_scope {
public:
    shield_scope()
        : task_(detail::current.task)
    {
        if (!task_)
            throw std::logic_error("rill::shield_scope: only a task can be shielded");
        scope_.shield = true;
        task_->enter(scope_);
    }

    ~shield_scope() { task_->leave(scope_); }

    shield_scope(const shield_scope&) = delete;
    shield_scope& operator=(const shield_scope&) = delete;

private:
    detail::task_state* task_;
    detail::scope scope_;
};

} // namespace rill
