// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/cleanup.hpp>
#include <rill/exception_group.hpp>

#include <vector>

namespace rill::RILL_FORM::detail {

RILL_DECL grace_scope::grace_scope(task_state& task, duration grace, std::source_location where)
    : deadline_scope(task, deadline::in(grace), where)
    , requests_before_(task.requests())
{
    on_outer_cancel = [](scope& s, bool) { static_cast<grace_scope&>(s).press(); };
    task.set_shield(*this, true);
}

RILL_DECL std::exception_ptr
grace_scope::tell_of_cut(bool body_failed, const std::exception_ptr& error) const
{
    const std::string what =
        expired() ? story()
                  : why->text() + " in " + task().description() + " " + task().interruption();
    if (!body_failed && expired())
        return std::make_exception_ptr(timeout_error("rill::with_cleanup: " + what));
    task().core()->report({"a cleanup was cut short: " + what, nullptr});
    return body_failed ? nullptr : error;
}

RILL_DECL void grace_scope::press()
{
    const unsigned since = task().requests() - requests_before_;
    if (since + (requests_before_ > 0 ? 1 : 0) >= 2)
        task().cancel(
            *this, make_reason(cancel_origin::request, "a second cancel() ended the grace time")
        );
}

/// A fatal error leaves bare, so it hides the other one.
RILL_DECL std::exception_ptr
fatal_of_both(const std::exception_ptr& fatal, const std::exception_ptr& other)
{
    loop_core::running().report({"an error beside a fatal one, of a body and its cleanup", other});
    return fatal;
}

RILL_DECL std::exception_ptr
error_of_both(const std::exception_ptr& body, const std::exception_ptr& cleanup)
{
    if (!cleanup || !body || was_asked_for(body))
        return cleanup ? cleanup : body;
    if (is_fatal(body))
        return fatal_of_both(body, cleanup);
    if (is_fatal(cleanup))
        return fatal_of_both(cleanup, body);
    std::vector<std::exception_ptr> both{body, cleanup};
    return std::make_exception_ptr(exception_group(std::move(both)));
}

} // namespace rill::RILL_FORM::detail
