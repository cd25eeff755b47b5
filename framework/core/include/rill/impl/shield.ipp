// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/shield.hpp>

#include <stdexcept>

namespace rill::RILL_FORM {

RILL_DECL shield_scope::shield_scope()
    : task_(detail::current.task)
{
    if (!task_)
        throw std::logic_error("rill::shield_scope: only a task can be shielded");
    scope_.shield = true;
    task_->retain();
    task_->enter(scope_);
}

RILL_DECL shield_scope::~shield_scope()
{
    if (task_->core() && detail::current.task != task_)
        task_->core()->report(
            {"a shield_scope was destroyed outside of the task that it protects",
             nullptr,
             task_->name()}
        );
    task_->leave(scope_);
    task_->release();
}

} // namespace rill::RILL_FORM
