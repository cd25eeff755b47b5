// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/awaitable.hpp>
#include <rill/detail/form.hpp>
#include <rill/detail/wait/remote_operation.hpp>
#include <rill/outcome.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/strand.hpp>

#include <atomic>
#include <concepts>
#include <cstddef>
#include <functional>
#include <memory>
#include <source_location>
#include <string>
#include <type_traits>
#include <utility>

namespace rill::RILL_FORM {

namespace detail {

template <class T>
struct guarded;

/// What f gives that is called with a T&; nothing where it cannot be called so.
template <class F, class T>
using visit_result_t = std::invoke_result_t<F, T&>;

} // namespace detail

struct shared_state_statistics {
    std::size_t waiting; ///< Calls that have not begun.
};

/// A value that several loops and threads use, one at a time: it is touched on a strand only. What
/// asyncio has no need for.
///
///     rill::shared_state<totals> all(pool.get_executor());
///     const int n = co_await all.with([&](totals& t) { return t.add(order); });
///
/// Calls run in the order in which they arrive, on the threads of the executor that was given,
/// which must run; the result comes back to the caller's own. A function that is called is short
/// and plain: it cannot wait, so that nobody holds the value across a wait.
///
/// Cancellation is total: a call that has not begun never runs, and the wait ends with
/// operation_aborted; one that has begun is not interrupted, and its result is delivered. So who is
/// told operation_aborted knows that the value was not touched.
///
/// A function that is given is moved to the strand's threads, and destroyed there.
///
/// Calls in flight keep the value alive, and it may be destroyed before they end. It does not
/// outlive the context of its executor, as with Asio's own objects; calls that have not begun when
/// that is destroyed end with operation_aborted.
/// Thread safety: all functions may be called from any thread; a slot is emitted as Asio asks, from
/// where its handler runs.
template <class T>
class shared_state {
public:
    using value_type = T;

    /// The value is made from `args`, here and now.
    template <class... Args>
        requires std::constructible_from<T, Args...>
    explicit shared_state(const asio::any_io_executor& ex, Args&&... args);

    shared_state(const shared_state&) = delete;
    shared_state& operator=(const shared_state&) = delete;

    /// Calls f(T&) on the strand and gives its result, or throws its exception unchanged. The
    /// result need not be default-constructible.
    template <std::invocable<T&> F>
    awaitable<detail::visit_result_t<F, T>>
    with(F f, std::source_location where = std::source_location::current());

    /// Completes with void(std::exception_ptr, R) once f(T&) has given an R, or with
    /// void(std::exception_ptr) if it gives nothing; R{} beside an exception. The end of the
    /// context of the handler's executor takes the handler with it.
    template <std::invocable<T&> F, class Token>
    auto async_with(F f, Token&& token);

    asio::any_io_executor get_executor() const noexcept;

    /// Shown in messages and dumps: "shared state 'totals'". To be set before others use it.
    void set_name(std::string name);

    std::string name() const;

    shared_state_statistics statistics() const noexcept;

private:
    using strand_type = asio::strand<asio::any_io_executor>;

    strand_type strand_;
    std::shared_ptr<detail::guarded<T>> guarded_;
};

} // namespace rill::RILL_FORM

#include <rill/impl/shared_state.hpp>
