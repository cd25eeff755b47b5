// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/clock.hpp>
#include <rill/detail/deadline_scope.hpp>
#include <rill/detail/run_as_task.hpp>
#include <rill/error.hpp>

#include <algorithm>
#include <optional>
#include <source_location>
#include <string>
#include <type_traits>
#include <utility>

namespace rill {

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

    /// Everything inside stops: the wait that it is in, and each later one, throws
    /// operation_aborted. Before run(), the body does not even begin. The first reason counts.
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
    /// the next wait.
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

/// Throws operation_aborted if the current task is to stop, and does not wait otherwise. Mirrors
/// trio.lowlevel.checkpoint_if_cancelled.
void throw_if_cancelled();

// Implementation

inline void cancel_scope::cancel(std::string message)
{
    if (cancel_called())
        return;
    cancel_reason_ptr why =
        message.empty() ? nullptr : detail::make_reason(cancel_origin::request, std::move(message));
    if (inside_) {
        inside_->task().cancel(*inside_, std::move(why));
    } else {
        cancelled_ = true;
        reason_ = std::move(why);
    }
}

inline void cancel_scope::set_deadline(time_point t)
{
    when_ = t;
    timeout_ = forever;
    if (inside_)
        inside_->set(t);
}

inline void cancel_scope::set_timeout(duration d)
{
    timeout_ = d;
    if (inside_)
        inside_->set(detail::deadline_after(inside_->task().core()->now(), d));
}

inline void cancel_scope::set_shield(bool on)
{
    shield_ = on;
    if (inside_)
        inside_->task().set_shield(*inside_, on);
}

inline void cancel_scope::begin(detail::task_state& task)
{
    if (std::exchange(entered_, true))
        throw invalid_state("rill::cancel_scope: it has been entered before");
    inside_.emplace(task, where_);
    if (shield_)
        task.set_shield(*inside_, true);
    if (cancelled_)
        task.cancel(*inside_, reason_);
    if (when_ != never || timeout_ != forever)
        inside_->set(std::min(when_, detail::deadline_after(inside_->entered(), timeout_)));
}

inline void cancel_scope::end() noexcept
{
    cancelled_ = inside_->cancelled;
    reason_ = inside_->why;
    when_ = inside_->when();
    inside_.reset();
}

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

inline time_point current_effective_deadline() noexcept
{
    return detail::current.task ? detail::effective_deadline(*detail::current.task) : never;
}

inline void throw_if_cancelled()
{
    const detail::task_state* task = detail::current.task;
    if (task && task->told_to_stop())
        throw system_error(detail::aborted());
}

} // namespace rill
