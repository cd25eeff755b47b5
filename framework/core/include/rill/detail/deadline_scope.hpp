// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/awaitable.hpp>
#include <rill/detail/task_state.hpp>

#include <algorithm>
#include <type_traits>
#include <utility>

namespace rill::detail {

/// A point in time, or a duration from the moment when the scope is entered.
class deadline {
public:
    static deadline at(time_point t) noexcept
    {
        return {t, forever};
    }

    static deadline in(duration d) noexcept
    {
        return {never, d};
    }

    time_point counted_from(time_point now) const noexcept
    {
        return std::min(at_, deadline_after(now, in_));
    }

private:
    deadline(time_point at, duration in) noexcept
        : at_(at)
        , in_(in)
    {
    }

    time_point at_;
    duration in_;
};

/// A scope that is cancelled when its deadline passes. It allocates nothing.
class deadline_scope : public scope, private timer_node {
public:
    deadline_scope(task_state& task, deadline when)
        : timer_node(&on_due)
        , task_(task)
        , core_(*task.core())
    {
        task_.enter(*this);
        const time_point now = core_.now();
        set(when.counted_from(now), now);
    }

    ~deadline_scope()
    {
        core_.disarm(*this);
        task_.leave(*this);
    }

    /// `never` takes the deadline away; one that has passed cancels the scope at once.
    void set(time_point when)
    {
        core_.disarm(*this);
        set(when, core_.now());
    }

    time_point when() const noexcept
    {
        return when_;
    }

    /// Whether a cancellation that leaves the body is this scope's own, and of none around it.
    bool caused(const error_code& ec) const noexcept
    {
        return cancelled && ec == condition::cancelled && !task_.cancelled_outside(*this);
    }

    const task_state& task() const noexcept
    {
        return task_;
    }

private:
    void set(time_point when, time_point now)
    {
        when_ = when;
        if (when <= now)
            task_.cancel(*this);
        else
            core_.arm(*this, when);
    }

    static void on_due(timer_node& node)
    {
        auto& self = static_cast<deadline_scope&>(node);
        self.task_.cancel(self);
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
