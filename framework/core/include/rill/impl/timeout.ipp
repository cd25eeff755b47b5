// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/timeout.hpp>

namespace rill::RILL_FORM {

RILL_DECL void timeout_scope::reschedule(time_point when)
{
    if (expired())
        throw invalid_state("rill::timeout_scope: the timeout has expired, it cannot be rescheduled"
        );
    scope_.set(when);
}

RILL_DECL std::string to_string(const timeout_scope& scope)
{
    if (scope.expired())
        return "timeout (expired)";
    if (scope.when() == never)
        return "timeout (no deadline)";
    return "timeout (" + detail::text_of(scope.when() - scope.scope_.task().core()->now()) +
           " left)";
}

} // namespace rill::RILL_FORM
