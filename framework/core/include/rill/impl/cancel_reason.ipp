// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/cancel_reason.hpp>

namespace rill::RILL_FORM {

RILL_DECL const std::string& cancel_reason::text() const noexcept
{
    if (!cause_)
        return given_;
    return text_.get([this] { return given_ + detail::text_of(cause_); });
}

RILL_DECL const char* cancel_reason::sentence() const noexcept
{
    return sentence_.get([this] { return cancelled_error::describe(this, {}); }).c_str();
}

RILL_DECL cancelled_error::cancelled_error(cancel_reason_ptr reason, std::string place)
    : system_error(detail::aborted())
    , reason_(std::move(reason))
    , story_(place.empty() ? nullptr : std::make_shared<const story>(std::move(place)))
{}

RILL_DECL std::string cancelled_error::message() const
{
    return reason_ ? reason_->text() : std::string();
}

RILL_DECL const char* cancelled_error::what() const noexcept
{
    if (story_)
        return story_->text.get([this] { return describe(reason_.get(), story_->place); }).c_str();
    return reason_ ? reason_->sentence() : "cancelled";
}

RILL_DECL std::string
cancelled_error::describe(const cancel_reason* reason, const std::string& place)
{
    std::string text = place.empty() ? "cancelled" : "cancelled " + place;
    if (reason && !reason->text().empty())
        text += " (" + reason->text() + ")";
    return text;
}

} // namespace rill::RILL_FORM

namespace rill::RILL_FORM::detail {

RILL_DECL cancel_reason_ptr
make_reason(cancel_origin origin, std::string text, std::exception_ptr cause)
{
    return cancel_reason_ptr(new cancel_reason(origin, std::move(text), std::move(cause)));
}

RILL_DECL bool is_cancelled_error(const std::exception_ptr& error) noexcept
{
    if (!error)
        return false;
    try {
        std::rethrow_exception(error);
    } catch (const cancelled_error&) {
        return true;
    } catch (...) {
        return false;
    }
}

} // namespace rill::RILL_FORM::detail
