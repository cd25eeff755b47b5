// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/event.hpp>

namespace rill::RILL_FORM {

RILL_DECL std::string event::description() const
{
    return called("an event") +
           (set_ ? " (set)" : " (not set" + detail::and_waiting(waiters_.size()) + ")");
}

} // namespace rill::RILL_FORM
