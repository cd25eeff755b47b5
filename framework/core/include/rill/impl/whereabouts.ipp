// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/detail/loop/loop_core.hpp>
#include <rill/detail/loop/task_state.hpp>
#include <rill/detail/loop/whereabouts.hpp>

namespace rill::RILL_FORM::detail {

RILL_DECL std::string current_task_name()
{
    return current.task ? current.task->name() : std::string();
}

RILL_DECL time_point current_time() noexcept
{
    return current.loop ? current.loop->recently() : clock::now();
}

} // namespace rill::RILL_FORM::detail
