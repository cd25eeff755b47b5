// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/event.hpp>

namespace rill::RILL_FORM {

RILL_DECL void event::waiter::start()
{
    if (event_->set_)
        complete();
    else
        event_->waiters_.add(*this);
}

RILL_DECL std::string event::description() const
{
    return called("an event") +
           (set_ ? " (set)" : " (not set" + detail::and_waiting(waiters_.size()) + ")");
}

RILL_DECL awaitable<void> event::wait(std::source_location where)
{
    if (set_)
        co_return;
    co_await detail::request_wait<waiter>(*this, where);
}

} // namespace rill::RILL_FORM
