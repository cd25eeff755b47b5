// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/detail/form.hpp>
#include <rill/task.hpp>

#include <source_location>

namespace rill::RILL_FORM {

/// While it lives, no cancellation from outside reaches the current task: neither one that is due
/// already nor one that comes. It shows at the first wait after the scope was left. Mirrors trio's
/// CancelScope(shield=True).
///
/// It is for cleanup that must wait, for a time that is known; with_cleanup adds a limit. Create it
/// as a local of a coroutine that runs as a task, and destroy it there; std::logic_error elsewhere.
/// Timeouts inside it work as ever.
class [[nodiscard]] shield_scope {
public:
    shield_scope();

    ~shield_scope();

    shield_scope(const shield_scope&) = delete;
    shield_scope& operator=(const shield_scope&) = delete;

private:
    detail::task_state* task_;
    detail::scope scope_;
};

/// Waits for work that a cancellation of the caller is not to reach. Mirrors asyncio.shield.
///
/// Cancelled, the wait ends at once, and the work runs on as a task of the loop; an error that
/// nobody sees then is reported once. A shutdown of the loop waits for shielded work, within
/// runner_options::shield_grace, before it cancels it. Cancelling the work itself shows in the
/// caller. Something that is done already costs no turn.
template <class T>
awaitable<T>
shield(awaitable<T> body, std::source_location place = std::source_location::current());
template <coroutine_function F>
awaitable<awaited_t<std::invoke_result_t<F>>>
shield(F body, std::source_location place = std::source_location::current());
template <class Handle>
    requires detail::awaited_handle<Handle>
awaitable<typename Handle::value_type> shield(Handle handle);

// Implementation

namespace detail {

template <class T>
void mark_shielded(const task<T>& t) noexcept
{
    data_of(t).shielded = true;
}

/// A future has nobody whom a shutdown would cancel.
template <class Handle>
void mark_shielded(const Handle&) noexcept
{}

} // namespace detail

template <class T>
awaitable<T> shield(awaitable<T> body, std::source_location place)
{
    const asio::any_io_executor ex = co_await asio::this_coro::executor;
    detail::check_body(body);
    const detail::new_task<T> work(detail::loop_core::of(ex), {}, place);
    work.data().shielded = true;
    work.start(std::move(body));
    co_return co_await shield(detail::task_access::handle(work.data()));
}

template <coroutine_function F>
awaitable<awaited_t<std::invoke_result_t<F>>> shield(F body, std::source_location place)
{
    return shield(detail::call_stored(std::move(body)), place);
}

template <class Handle>
    requires detail::awaited_handle<Handle>
awaitable<typename Handle::value_type> shield(Handle handle)
{
    if (!detail::check_joinable(detail::handle_access::state(handle)).done()) {
        detail::mark_shielded(handle);
        auto end = detail::handle_access::wait_for_end(handle);
        co_await std::move(end);
    }
    co_return co_await std::move(handle);
}

} // namespace rill::RILL_FORM

#ifndef RILL_SEPARATE_COMPILATION
#include <rill/impl/shield.ipp>
#endif
