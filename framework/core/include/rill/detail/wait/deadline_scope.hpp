// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/awaitable.hpp>
#include <rill/detail/form.hpp>
#include <rill/detail/loop/task_state.hpp>
#include <rill/detail/wait/deadline.hpp>

#include <algorithm>
#include <source_location>
#include <type_traits>
#include <utility>

namespace rill::RILL_FORM::detail {

/// A scope that is cancelled when its deadline passes. It allocates nothing before that.
///
/// A deadline that has passed already cancels in the next turn: what is inside begins, and ends at
/// its first wait.
class deadline_scope : public scope, private ready_node {
public:
    deadline_scope(task_state& task, deadline when, std::source_location where)
        : deadline_scope(task, where)
    {
        set(when.counted_from(entered_), entered_);
    }

    /// Without a deadline.
    deadline_scope(task_state& task, std::source_location where);

    ~deadline_scope()
    {
        disarm();
        task_.leave(*this);
    }

    /// `never` takes the deadline away; one that has passed cancels in the next turn.
    void set(time_point when);

    time_point entered() const noexcept { return entered_; }

    time_point when() const noexcept { return when_; }

    /// Whether the deadline has passed and cancelled the scope.
    bool expired() const noexcept { return expired_; }

    /// Whether a cancellation that leaves the body is this scope's own, and of none around it that
    /// comes in.
    bool caused(const error_code& ec) const noexcept;

    /// "30s passed (deadline set at orders.cpp:42) in task 'x' while it waited for ...".
    std::string story() const;

    task_state& task() const noexcept { return task_; }

private:
    void set(time_point when, time_point now);

    std::string allowed() const;

    void disarm() noexcept;

    void expire();

    /// When it is due, its turn comes in line with callbacks and wake-ups of the same time.
    static void on_act(ready_node& node, act what);

    task_state& task_;
    loop_core& core_;
    std::source_location where_; // in the user's code
    time_point entered_;
    time_point when_ = never;
    bool expired_ = false;
};

/// The earliest deadline around what runs now, down to the first shield: `never` without one, and
/// the beginning of time where it is cancelled already.
time_point effective_deadline(const task_state& task) noexcept;

/// What a body is when it is started; see start_body.
template <class Body, class... Offered>
consteval auto what_body_gives()
{
    if constexpr (is_awaitable<Body> || awaited_operation<Body>)
        return std::type_identity<Body>();
    else if constexpr (std::is_invocable_v<Body&, Offered&...>)
        return std::type_identity<std::invoke_result_t<Body&, Offered&...>>();
    else if constexpr (std::is_invocable_v<Body&>)
        return std::type_identity<std::invoke_result_t<Body&>>();
    else
        return std::type_identity<void>();
}

template <class Body, class... Offered>
using given_by_body = typename decltype(what_body_gives<Body, Offered...>())::type;

template <class Body, class... Offered>
inline constexpr bool body_is_coroutine =
    requires { typename awaited_t<given_by_body<Body, Offered...>>; };

/// void where start_body refuses the body.
template <class Body, class... Offered>
using body_result_t = awaited_t<std::conditional_t<
    body_is_coroutine<Body, Offered...>,
    given_by_body<Body, Offered...>,
    awaitable<void>>>;

/// The body of a combinator: an awaitable or an operation, or a callable that takes what it offers,
/// or nothing.
template <class Body, class... Offered>
auto start_body(Body& body, Offered&... offered)
{
    static_assert(
        body_is_coroutine<Body, Offered...>,
        "the body is no coroutine: write a lambda that takes nothing, or a reference to what is "
        "offered, and ends in -> rill::awaitable<void> { ... co_return; }"
    );
    if constexpr (!body_is_coroutine<Body, Offered...>)
        return awaitable<void>(); // an error less to be read
    else if constexpr (is_awaitable<Body> || awaited_operation<Body>)
        return std::move(body);
    else if constexpr (std::is_invocable_v<Body&, Offered&...>)
        return body(offered...);
    else
        return body();
}

} // namespace rill::RILL_FORM::detail

#ifndef RILL_SEPARATE_COMPILATION
#include <rill/impl/deadline_scope.ipp>
#endif
