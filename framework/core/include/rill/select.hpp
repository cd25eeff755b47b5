// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/detail/form.hpp>
#include <rill/detail/wait/end_watch.hpp>
#include <rill/detail/wait/wait_operation.hpp>

#include <boost/asio/this_coro.hpp>

#include <cstddef>
#include <optional>
#include <tuple>
#include <type_traits>
#include <utility>
#include <variant>

namespace rill::RILL_FORM {

namespace detail {

template <class Op>
struct select_traits;

template <class Op>
concept selectable = requires { typename select_traits<std::remove_cvref_t<Op>>::value_type; };

template <class Op>
using selected_t = typename select_traits<std::remove_cvref_t<Op>>::value_type;

} // namespace detail

/// Waits for the first of several operations, tasks or futures, and gives its value in a variant
/// whose index() is that of the argument; void is std::monostate. What Go's select is for channels;
/// asyncio has wait(FIRST_COMPLETED).
///
///     auto got = co_await select(orders.get(), stop.wait(), sleep(5s));
///
/// Nothing is lost: the moment one completes, the others leave their lines, as if they had never
/// waited. An item stays in its queue, a task runs on and keeps its result. If several could
/// complete at once, the first argument counts, and the later ones do not even begin. A failed
/// winner's error is thrown. For coroutines there is race(), or create_task and this.
/// Cancellation: total, of all.
template <detail::selectable... Ops>
    requires(sizeof...(Ops) > 0)
awaitable<std::variant<detail::selected_t<Ops>...>> select(Ops... ops);

/// Says what to do instead.
template <class... Ops>
    requires(!(detail::selectable<Ops> && ...))
awaitable<void> select(Ops&&...)
{
    static_assert(
        (detail::selectable<Ops> && ...),
        "select takes operations such as queue.get(), tasks and futures; what cannot be taken "
        "back, a coroutine or a wait for a condition variable, is for race(), or create_task first"
    );
    return {};
}

} // namespace rill::RILL_FORM

#include <rill/impl/select.hpp>

#ifndef RILL_SEPARATE_COMPILATION
#include <rill/impl/select.ipp>
#endif
