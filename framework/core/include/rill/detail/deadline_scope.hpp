// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/awaitable.hpp>
#include <rill/detail/deadline.hpp>
#include <rill/detail/task_state.hpp>

#include <type_traits>
#include <utility>

namespace rill::detail {

/// A scope that is cancelled when its deadline passes. It allocates nothing.
///
/// A deadline that has passed already cancels in the next turn: what is inside begins, and ends at
/// its first wait.
class deadline_scope : public scope, private timer_node, private ready_node {
public:
    deadline_scope(task_state& task, deadline when)
        : timer_node(&on_due)
        , ready_node(&on_turn)
        , task_(task)
        , core_(*task.core())
    {
        task_.enter(*this);
        const time_point now = core_.now();
        set(when.counted_from(now), now);
    }

    ~deadline_scope()
    {
        disarm();
        task_.leave(*this);
    }

    /// `never` takes the deadline away.
    void set(time_point when)
    {
        disarm();
        set(when, core_.now());
    }

    time_point when() const noexcept { return when_; }

    /// Whether a cancellation that leaves the body is this scope's own, and of none around it.
    bool caused(const error_code& ec) const noexcept
    {
        return cancelled && ec == condition::cancelled && !task_.cancelled_outside(*this);
    }

    const task_state& task() const noexcept { return task_; }

private:
    void set(time_point when, time_point now)
    {
        when_ = when;
        if (when <= now)
            core_.make_ready(*this);
        else
            core_.arm(*this, when);
    }

    void disarm() noexcept
    {
        core_.disarm(*this);
        if (linked())
            core_.forget(*this);
    }

    void expire() { task_.cancel(*this); }

    static void on_due(timer_node& node) { static_cast<deadline_scope&>(node).expire(); }

    static void on_turn(ready_node& node, act what)
    {
        if (what == act::run)
            static_cast<deadline_scope&>(node).expire();
    }

    task_state& task_;
    loop_core& core_;
    time_point when_ = never;
};

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
