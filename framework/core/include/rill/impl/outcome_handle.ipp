// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/detail/loop/outcome_handle.hpp>

namespace rill::RILL_FORM::detail {

RILL_DECL void end_waiter::start()
{
    if (awaited_->done())
        complete();
    else
        awaited_->joiners.add(*this);
}

RILL_DECL void join_waiter::on_cancel()
{
    if (task_ && awaited_->reached_in_this_round() && awaits(*awaited_, *task_))
        abort();
    else
        awaited_->request_cancel(task_ ? task_->reason() : nullptr);
}

} // namespace rill::RILL_FORM::detail
