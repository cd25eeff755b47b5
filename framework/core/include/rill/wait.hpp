// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/clock.hpp>
#include <rill/detail/form.hpp>
#include <rill/detail/wait/end_watch.hpp>
#include <rill/gather.hpp>

#include <algorithm>
#include <cstddef>
#include <deque>
#include <memory>
#include <optional>
#include <ranges>
#include <source_location>
#include <stdexcept>
#include <utility>
#include <vector>

namespace rill::RILL_FORM {

/// When wait() returns. Mirrors FIRST_COMPLETED, FIRST_EXCEPTION and ALL_COMPLETED.
enum class return_when {
    first_completed, // at least one has ended
    first_exception, // one has failed (a cancellation is no failure), or all have ended
    all_completed,
};

/// What wait() gives; both in the order in which they were given.
template <class Handle>
struct wait_result {
    std::vector<Handle> done;
    std::vector<Handle> pending;
};

/// A range of tasks, or of futures, of one type.
template <class R>
concept handle_range =
    std::ranges::input_range<R> && detail::awaited_handle<detail::range_member_t<R>>;

/// Waits until some or all of `handles` have ended, for at most `limit`. Mirrors asyncio.wait.
///
/// It throws nothing of theirs, cancels none of them and has no timeout_error: what had ended by
/// then is in `done`. Duplicates count once. std::invalid_argument for an empty range.
/// Cancellation: total; what was waited for goes on, and nothing of the wait stays with it.
template <handle_range R>
awaitable<wait_result<detail::range_member_t<R>>> wait(
    R handles,
    return_when when = return_when::all_completed,
    duration limit = forever,
    std::source_location where = std::source_location::current()
);

/// Tasks or futures, one after another as they end. Mirrors the iterator of asyncio.as_completed.
///
/// Copies are the same iteration, and several may ask at once. Dropping it leaves the tasks running.
/// One that was moved from throws invalid_state.
template <class Handle>
class completions {
public:
    /// The next that has ended, which holds its value or error; empty once all have been given.
    /// Those that had ended before come first, without a wait. Mirrors `async for`.
    ///
    /// Whoever asks waits in line. Where more ask than there are tasks left, the rest learn that it
    /// is the end once the last one has been given, and not before: whoever was to get that may
    /// stop waiting for it.
    /// Cancellation: total; nothing is lost, and iterating can go on.
    auto next(std::source_location where = std::source_location::current());

    /// Those that have not been given yet.
    std::size_t size() const;

private:
    template <member_range R>
    friend completions<detail::handle_of_t<detail::range_member_t<R>>>
    as_completed(R&&, std::source_location);

    class state;
    class next_waiter;

    explicit completions(std::shared_ptr<state> s) noexcept
        : state_(std::move(s))
    {}

    std::shared_ptr<state> state_;
};

/// Iterates over tasks, futures or awaitables (which become tasks) in the order of their ends:
/// `while (auto t = co_await ended.next()) use(t->result());`. Mirrors asyncio.as_completed.
///
/// Duplicates count once, and an empty range gives nothing. Needs a running loop.
template <member_range R>
completions<detail::handle_of_t<detail::range_member_t<R>>>
as_completed(R&& members, std::source_location place = std::source_location::current());

} // namespace rill::RILL_FORM

#include <rill/impl/wait.hpp>

#ifndef RILL_SEPARATE_COMPILATION
#include <rill/impl/wait.ipp>
#endif
