// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/detail/loop/task_executor.hpp>

#include <boost/asio/execution.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/strand.hpp>

#include <stdexcept>
#include <type_traits>
#include <utility>

namespace rill::RILL_FORM::detail {

/// What a program has asked its executor to count as work of the io_context.
using tracked_executor = std::decay_t<decltype(asio::require(
    std::declval<const loop_executor&>(), asio::execution::outstanding_work.tracked
))>;

asio::io_context* context_behind(const asio::any_io_executor& ex);

template <class Executor>
asio::io_context* context_behind(const Executor& ex)
{
    return &asio::query(ex, asio::execution::context);
}

template <class Inner>
asio::io_context* context_behind(const task_executor<Inner>& ex)
{
    return context_behind(ex.inner());
}

template <class Inner>
asio::io_context* context_behind(const asio::strand<Inner>& ex)
{
    return context_behind(ex.get_inner_executor());
}

template <class... Kinds>
asio::io_context* context_behind_one_of(const asio::any_io_executor& ex)
{
    asio::io_context* found = nullptr;
    const auto try_kind = [&](const auto* target) {
        if (target)
            found = context_behind(*target);
        return target != nullptr;
    };
    static_cast<void>((try_kind(ex.target<Kinds>()) || ...));
    return found;
}

/// Null if it is no io_context's, as far as can be seen: an executor tells its context, and not
/// what kind of context that is.
RILL_DECL asio::io_context* context_behind(const asio::any_io_executor& ex)
{
    using asio::strand;
    return context_behind_one_of<
        loop_task_executor,
        loop_executor,
        task_executor<asio::any_io_executor>,
        strand<loop_executor>,
        strand<asio::any_io_executor>,
        strand<strand<loop_executor>>,
        strand<strand<asio::any_io_executor>>,
        tracked_executor,
        task_executor<tracked_executor>,
        strand<tracked_executor>,
        strand<strand<tracked_executor>>>(ex);
}

RILL_DECL loop_core& loop_core::of(const asio::any_io_executor& ex)
{
    if (asio::io_context* const io = context_behind(ex))
        return of(*io);
    throw std::invalid_argument(
        "rill: a loop needs the executor of an io_context (or of a task, or a strand on it); "
        "handlers may live on any other executor"
    );
}

} // namespace rill::RILL_FORM::detail
