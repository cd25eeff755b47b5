// SPDX-License-Identifier: BSL-1.0
#include "server_journal.hpp"

#include <rill/task.hpp>

#include <string>
#include <utility>

namespace rill::RILL_FORM::net_detail {

void server_journal::report(const char* what, std::exception_ptr error) noexcept
{
    const auto task = current_task();
    loop_core::report_to(core_, {what, std::move(error), task ? task->name() : std::string()});
}

} // namespace rill::RILL_FORM::net_detail
