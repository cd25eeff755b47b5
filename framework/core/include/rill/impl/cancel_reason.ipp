// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/cancel_reason.hpp>

namespace rill::RILL_FORM {

RILL_DECL std::string cancelled_error::message() const
{
    return reason_ ? reason_->text() : std::string();
}

RILL_DECL std::string
cancelled_error::describe(const cancel_reason_ptr& reason, const std::string& place)
{
    std::string text = place.empty() ? "cancelled" : "cancelled " + place;
    if (reason && !reason->text().empty())
        text += " (" + reason->text() + ")";
    return text;
}

} // namespace rill::RILL_FORM

namespace rill::RILL_FORM::detail {

RILL_DECL cancel_reason_ptr make_reason(cancel_origin origin, std::string text)
{
    return cancel_reason_ptr(new cancel_reason(origin, std::move(text)));
}

} // namespace rill::RILL_FORM::detail
