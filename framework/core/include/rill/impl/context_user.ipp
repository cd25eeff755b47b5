// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/detail/loop/context_user.hpp>

namespace rill::RILL_FORM::detail {

RILL_DECL context_user* context_users::take_one() noexcept
{
    const std::lock_guard lock(mutex_);
    ended_ = true;
    context_user* const user = all_.pop_front();
    if (user)
        user->users_ = nullptr;
    return user;
}

RILL_DECL context_user::context_user(asio::execution_context& context)
    : users_(&asio::use_service<context_users>(context))
{
    const std::lock_guard lock(users_->mutex_);
    if (!users_->ended_)
        users_->all_.push_back(*this);
    else
        users_ = nullptr;
}

RILL_DECL context_user::~context_user()
{
    if (!users_)
        return;
    const std::lock_guard lock(users_->mutex_);
    unlink();
}

} // namespace rill::RILL_FORM::detail
