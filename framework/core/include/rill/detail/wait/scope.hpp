// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/cancel_reason.hpp>
#include <rill/detail/form.hpp>

namespace rill::RILL_FORM::detail {

/// A region of a task that can be cancelled by itself, or is protected from those around it.
///
/// Scopes nest as the calls do: each lives in the frame that entered it, and is the top of its
/// task's stack while anything inside it runs.
class scope {
public:
    scope() = default;
    scope(const scope&) = delete;
    scope& operator=(const scope&) = delete;

    bool cancelled = false; // everything in here is to stop
    bool shield = false;    // a cancellation from outside does not come in
    bool timed = false;     // it is a deadline_scope
    scope* outer = nullptr;

    /// Of a shield: told when something outside it is cancelled, `again` if that was so already.
    void (*on_outer_cancel)(scope&, bool again) = nullptr;

    cancel_reason_ptr why; // the first one; null where none was given
};

} // namespace rill::RILL_FORM::detail
