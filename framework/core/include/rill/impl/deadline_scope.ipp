// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/detail/wait/deadline_scope.hpp>

namespace rill::RILL_FORM::detail {

RILL_DECL deadline_scope::deadline_scope(task_state& task, std::source_location where)
    : ready_node(&on_act)
    , task_(task)
    , core_(*task.core())
    , where_(where)
    , entered_(core_.now())
{
    timed = true;
    task_.enter(*this);
}

RILL_DECL void deadline_scope::set(time_point when)
{
    disarm();
    set(when, core_.now());
}

RILL_DECL bool deadline_scope::caused(const error_code& ec) const noexcept
{
    return cancelled && ec == condition::cancelled && (shield || !task_.cancelled_outside(*this));
}

RILL_DECL std::string deadline_scope::story() const
{
    return allowed() + " in " + task_.description() + " " + task_.interruption();
}

RILL_DECL void deadline_scope::set(time_point when, time_point now)
{
    when_ = when;
    if (when == never)
        return;
    if (when <= now)
        core_.make_ready(*this);
    else
        core_.arm(*this, when);
}

RILL_DECL std::string deadline_scope::allowed() const
{
    const std::string place = text_of(where_);
    return text_of(when_ - entered_) + " passed" +
           (place.empty() ? place : " (deadline set at " + place + ")");
}

RILL_DECL void deadline_scope::disarm() noexcept
{
    core_.disarm(*this);
    if (linked())
        core_.forget(*this);
}

RILL_DECL void deadline_scope::expire()
{
    if (cancelled)
        return;
    expired_ = true;
    task_.cancel(*this, make_reason(cancel_origin::deadline, allowed()));
}

RILL_DECL void deadline_scope::on_act(ready_node& node, act what)
{
    auto& self = static_cast<deadline_scope&>(node);
    if (what == act::run)
        self.expire();
    else if (what == act::due)
        self.core_.make_ready(self);
}

RILL_DECL time_point effective_deadline(const task_state& task) noexcept
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

} // namespace rill::RILL_FORM::detail
