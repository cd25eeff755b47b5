// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/detail/wait/operation.hpp>

namespace rill::RILL_FORM::detail {

RILL_DECL void operation::cancel()
{
    if (ready())
        return;
    told_ = true;
    action_(*this, act::cancel);
}

RILL_DECL std::string operation::what()
{
    if (ready()) // what it waited for may be gone since
        return "its turn";
    std::string text;
    describing = &text;
    action_(*this, act::describe);
    return text;
}

RILL_DECL task_state* operation::waiting_task() noexcept
{
    if (task_)
        return task_;
    core_->named_task = nullptr;
    action_(*this, act::name_task);
    return core_->named_task;
}

} // namespace rill::RILL_FORM::detail
