// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/detail/loop/task_state.hpp>
#include <rill/detail/watch/open_mark.hpp>

namespace rill::RILL_FORM::detail {

RILL_DECL open_mark::open_mark(loop_core& core, std::string what)
    : core_(core)
    , mail_(&core.mail())
{
    core.debug->opened(this, std::move(what));
}

RILL_DECL open_mark::~open_mark()
{
    if (!mail_->closed() && core_.debug)
        core_.debug->closed(this);
}

} // namespace rill::RILL_FORM::detail
