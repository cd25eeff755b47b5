// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/detail/loop/task_executor.hpp>

#include <boost/asio/execution.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/strand.hpp>

namespace rill::RILL_FORM::detail {

RILL_DECL loop_core& loop_core::of(const asio::any_io_executor& ex)
{
    if (const auto* task = ex.target<loop_task_executor>())
        return of(io_context_of(task->inner()));
    if (const auto* task = ex.target<task_executor<asio::any_io_executor>>())
        return of(task->inner());
    if (const auto* plain = ex.target<executor_type>())
        return of(io_context_of(*plain));
    if (const auto* strand = ex.target<asio::strand<executor_type>>())
        return of(io_context_of(strand->get_inner_executor()));
    if (const auto* strand = ex.target<asio::strand<asio::any_io_executor>>())
        return of(strand->get_inner_executor());
    throw std::invalid_argument(
        "rill: a loop needs the executor of an io_context (or of a task, or a strand on it); "
        "handlers may live on any other executor"
    );
}

} // namespace rill::RILL_FORM::detail
