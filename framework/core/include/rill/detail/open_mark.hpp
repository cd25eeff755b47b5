// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/detail/task_state.hpp>

#include <string>

namespace rill::detail {

/// In debug mode: something is open as long as this lives, and a loop that ends before it says so.
class open_mark {
public:
    /// Of a loop in debug mode.
    open_mark(loop_core& core, std::string what)
        : core_(core)
        , mail_(&core.mail())
    {
        core.debug->opened(this, std::move(what));
    }

    ~open_mark()
    {
        if (!mail_->closed() && core_.debug)
            core_.debug->closed(this);
    }

    open_mark(const open_mark&) = delete;
    open_mark& operator=(const open_mark&) = delete;

private:
    loop_core& core_;
    mailbox_ptr mail_; // tells whether the loop is still there
};

} // namespace rill::detail
