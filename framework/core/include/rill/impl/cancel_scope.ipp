// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/cancel_scope.hpp>

namespace rill::RILL_FORM {

RILL_DECL void cancel_scope::cancel(std::string message)
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

RILL_DECL void cancel_scope::set_deadline(time_point t)
{
    when_ = t;
    timeout_ = forever;
    if (inside_)
        inside_->set(t);
}

RILL_DECL void cancel_scope::set_timeout(duration d)
{
    timeout_ = d;
    if (inside_)
        inside_->set(detail::deadline_after(inside_->task().core()->now(), d));
}

RILL_DECL void cancel_scope::set_shield(bool on)
{
    shield_ = on;
    if (inside_)
        inside_->task().set_shield(*inside_, on);
}

RILL_DECL void cancel_scope::begin(detail::task_state& task)
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

RILL_DECL void cancel_scope::end() noexcept
{
    cancelled_ = inside_->cancelled;
    reason_ = inside_->why;
    when_ = inside_->when();
    inside_.reset();
}

RILL_DECL time_point current_effective_deadline() noexcept
{
    return detail::current.task ? detail::effective_deadline(*detail::current.task) : never;
}

RILL_DECL void throw_if_cancelled()
{
    const detail::task_state* task = detail::current.task;
    if (task && task->next_wait_throws())
        detail::throw_cancelled();
}

} // namespace rill::RILL_FORM
