// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/awaitable.hpp>
#include <rill/detail/deadline.hpp>
#include <rill/detail/task_state.hpp>

#include <algorithm>
#include <source_location>
#include <type_traits>
#include <utility>

namespace rill::detail {

/// A scope that is cancelled when its deadline passes. It allocates nothing before that.
///
/// A deadline that has passed already cancels in the next turn: what is inside begins, and ends at
/// its first wait.
class deadline_scope : public scope, private timer_node, private ready_node {
public:
    deadline_scope(task_state& task, deadline when, std::source_location where)
        : deadline_scope(task, where)
    {
        set(when.counted_from(entered_), entered_);
    }

    /// Without a deadline.
    deadline_scope(task_state& task, std::source_location where)
        : timer_node(&on_due)
        , ready_node(&on_turn)
        , task_(task)
        , core_(*task.core())
        , where_(where)
        , entered_(core_.now())
    {
        timed = true;
        task_.enter(*this);
    }

    ~deadline_scope()
    {
        disarm();
        task_.leave(*this);
    }

    /// `never` takes the deadline away; one that has passed cancels in the next turn.
    void set(time_point when)
    {
        disarm();
        set(when, core_.now());
    }

    time_point entered() const noexcept { return entered_; }

    time_point when() const noexcept { return when_; }

    /// Whether the deadline has passed and cancelled the scope.
    bool expired() const noexcept { return expired_; }

    /// Whether a cancellation that leaves the body is this scope's own, and of none around it.
    bool caused(const error_code& ec) const noexcept
    {
        return cancelled && ec == condition::cancelled && !task_.cancelled_outside(*this);
    }

    /// "30s passed (deadline set at orders.cpp:42) in task 'x' while it waited for ...".
    std::string story() const
    {
        return allowed() + " in " + task_.description() + " " + task_.interruption();
    }

    task_state& task() const noexcept { return task_; }

private:
    void set(time_point when, time_point now)
    {
        when_ = when;
        if (when == never)
            return;
        if (when <= now)
            core_.make_ready(*this);
        else
            core_.arm(*this, when);
    }

    std::string allowed() const
    {
        const std::string place = text_of(where_);
        return text_of(when_ - entered_) + " passed" +
               (place.empty() ? place : " (deadline set at " + place + ")");
    }

    void disarm() noexcept
    {
        core_.disarm(*this);
        if (linked())
            core_.forget(*this);
    }

    void expire()
    {
        if (cancelled)
            return;
        expired_ = true;
        task_.cancel(*this, make_reason(cancel_origin::deadline, allowed()));
    }

    /// In line with callbacks and wake-ups that are due at the same time.
    static void on_due(timer_node& node)
    {
        auto& self = static_cast<deadline_scope&>(node);
        self.core_.make_ready(self);
    }

    static void on_turn(ready_node& node, act what)
    {
        if (what == act::run)
            static_cast<deadline_scope&>(node).expire();
    }

    task_state& task_;
    loop_core& core_;
    std::source_location where_; // in the user's code
    time_point entered_;
    time_point when_ = never;
    bool expired_ = false;
};

/// The earliest deadline around what runs now, down to the first shield: `never` without one, and
/// the beginning of time where it is cancelled already.
inline time_point effective_deadline(const task_state& task) noexcept
{
    time_point earliest = never;
    for (const scope* s = task.top(); s; s = s->outer) {
        if (s->cancelled)
            return time_point::min();
        if (s->timed)
            earliest = std::min(earliest, static_cast<const deadline_scope*>(s)->when());
        if (s->shield)
            break;
    }
    return earliest;
}

/// The body of a combinator: an awaitable, or a callable that takes what it offers, or nothing.
template <class Body, class... Offered>
auto start_body(Body& body, Offered&... offered)
{
    if constexpr (is_awaitable<Body>)
        return std::move(body);
    else if constexpr (std::is_invocable_v<Body&, Offered&...>)
        return body(offered...);
    else
        return body();
}

template <class Body, class... Offered>
using body_result_t =
    awaited_t<decltype(start_body(std::declval<Body&>(), std::declval<Offered&>()...))>;

} // namespace rill::detail
