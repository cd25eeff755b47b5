// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/clock.hpp>
#include <rill/detail/form.hpp>
#include <rill/detail/loop/run_as_task.hpp>
#include <rill/detail/wait/deadline_scope.hpp>
#include <rill/error.hpp>

#include <algorithm>
#include <optional>
#include <source_location>
#include <string>
#include <type_traits>
#include <utility>

namespace rill::RILL_FORM {

namespace detail {

/// What a body that may be left early gives: its value if it came to its end, or for void whether
/// it did.
template <class T>
using if_finished_t = std::conditional_t<std::is_void_v<T>, bool, std::optional<T>>;

} // namespace detail

/// A region of a task that can be cancelled by itself, by a deadline or by whoever holds it.
/// Mirrors trio's CancelScope.
///
/// It may be set up, and even cancelled, before run() enters it; it is entered once. Deadline and
/// shield can be changed at any time. Belongs to the loop's thread.
class cancel_scope {
public:
    explicit cancel_scope(std::source_location where = std::source_location::current()) noexcept
        : where_(where)
    {}

    cancel_scope(const cancel_scope&) = delete;
    cancel_scope& operator=(const cancel_scope&) = delete;

    /// Everything inside stops: the wait that it is in, and each later one, throws a
    /// cancelled_error. Before run(), the body does not even begin. The first reason counts.
    void cancel(std::string message = {});

    /// Whether it was cancelled, by a call or by its deadline.
    bool cancel_called() const noexcept { return inside_ ? inside_->cancelled : cancelled_; }

    /// Whether run() ended because the scope was cancelled.
    bool cancelled_caught() const noexcept { return caught_; }

    /// Why; null if it is not cancelled, or no reason was given.
    const cancel_reason_ptr& reason() const noexcept { return inside_ ? inside_->why : reason_; }

    /// `never` takes it away, and a timeout with it. A deadline that has passed cancels in the next
    /// turn.
    void set_deadline(time_point t);

    /// Counted from the moment when run() begins; beside a deadline, the earlier one counts. While
    /// run() lasts, it is counted from now, and replaces the deadline.
    void set_timeout(duration d);

    /// `never` without one, or as long as a timeout has not begun to count.
    time_point deadline() const noexcept { return inside_ ? inside_->when() : when_; }

    /// While it is set, no cancellation from outside comes in. Taken away, one that is due shows at
    /// the next wait; so it does where the scope is left, whatever has ended that.
    void set_shield(bool on);

    bool shield() const noexcept { return shield_; }

    /// Runs `body`, an awaitable or a callable that may take a cancel_scope&. Where the scope was
    /// cancelled, the result is empty (for a body without a value: false). Cancellation from
    /// outside passes through, and so does every error of the body's own.
    ///
    /// invalid_state if it has been entered before.
    template <class Body>
    awaitable<detail::if_finished_t<detail::body_result_t<Body, cancel_scope>>> run(Body body);

private:
    class active;

    void begin(detail::task_state& task);
    void end() noexcept;

    std::source_location where_;
    bool entered_ = false;
    bool shield_ = false;
    bool cancelled_ = false; // before or after run(); while it lasts, see inside_
    bool caught_ = false;
    time_point when_ = never;
    duration timeout_ = forever; // from the beginning of run()
    cancel_reason_ptr reason_;
    std::optional<detail::deadline_scope> inside_; // while run() lasts
};

/// Runs `body`, an awaitable or a callable that may take a cancel_scope&, for at most `d`, then
/// goes on: where the deadline cut it short, the result is empty (for a body without a value:
/// false). Mirrors trio's move_on_after.
///
/// Cancellation from outside passes through, and so does every error of the body's own.
template <class Body>
awaitable<detail::if_finished_t<detail::body_result_t<Body, cancel_scope>>>
move_on_after(duration d, Body body, std::source_location where = std::source_location::current());

/// The same with a point in time. Mirrors trio's move_on_at.
template <class Body>
awaitable<detail::if_finished_t<detail::body_result_t<Body, cancel_scope>>>
move_on_at(time_point t, Body body, std::source_location where = std::source_location::current());

/// The earliest deadline of the scopes around this call, down to the first shield: `never` without
/// one, time_point::min() where a cancellation is due. Mirrors trio.current_effective_deadline.
time_point current_effective_deadline() noexcept;

/// Throws a cancelled_error if the current task is to stop, and does not wait otherwise. Mirrors
/// trio.lowlevel.checkpoint_if_cancelled.
void throw_if_cancelled();

// Implementation

/// Ends the scope, whichever way its body is left.
class cancel_scope::active {
public:
    active(cancel_scope& scope, detail::task_state& task)
        : scope_(scope)
    {
        scope_.begin(task);
    }

    ~active() { scope_.end(); }

    active(const active&) = delete;
    active& operator=(const active&) = delete;

private:
    cancel_scope& scope_;
};

template <class Body>
awaitable<detail::if_finished_t<detail::body_result_t<Body, cancel_scope>>>
cancel_scope::run(Body body)
{
    using result = detail::body_result_t<Body, cancel_scope>;
    const detail::never_missed<Body> dropped(body);
    auto* task = detail::running_task(co_await asio::this_coro::cancellation_state);
    if (!task)
        co_return co_await detail::run_as_task(run(std::move(body)));
    active running(*this, *task);
    try {
        if constexpr (std::is_void_v<result>) {
            co_await detail::start_body(body, *this);
            co_return true;
        } else {
            co_return co_await detail::start_body(body, *this);
        }
    } catch (const system_error& error) {
        if (!inside_->caused(error.code()))
            throw;
        caught_ = true;
    }
    co_return detail::if_finished_t<result>{};
}

template <class Body>
awaitable<detail::if_finished_t<detail::body_result_t<Body, cancel_scope>>>
move_on_after(duration d, Body body, std::source_location where)
{
    cancel_scope scope(where);
    scope.set_timeout(d);
    co_return co_await scope.run(std::move(body));
}

template <class Body>
awaitable<detail::if_finished_t<detail::body_result_t<Body, cancel_scope>>>
move_on_at(time_point t, Body body, std::source_location where)
{
    cancel_scope scope(where);
    scope.set_deadline(t);
    co_return co_await scope.run(std::move(body));
}

} // namespace rill::RILL_FORM

#ifndef RILL_SEPARATE_COMPILATION
#include <rill/impl/cancel_scope.ipp>
#endif
