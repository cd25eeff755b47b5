// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/detail/form.hpp>
#include <rill/error.hpp>

#include <boost/smart_ptr/intrusive_ptr.hpp>
#include <boost/smart_ptr/intrusive_ref_counter.hpp>

#include <string>
#include <utility>

namespace rill::RILL_FORM {

/// Who asked for a cancellation.
enum class cancel_origin {
    request,  // cancel() on a task, a future, a scope or a group
    deadline, // a timeout, or the deadline of a scope
    sibling,  // another member of a group failed, or of a race was faster
    shutdown, // the loop is being closed
};

/// Why something was cancelled: the first reason counts, later ones do not replace it.
class cancel_reason : public boost::intrusive_ref_counter<cancel_reason> {
public:
    cancel_reason(cancel_origin origin, std::string text)
        : origin_(origin)
        , text_(std::move(text))
    {}

    cancel_origin origin() const noexcept { return origin_; }

    /// The message given to cancel(); else what happened, in words. May be empty for a request.
    const std::string& text() const noexcept { return text_; }

private:
    cancel_origin origin_;
    std::string text_;
};

/// May be null where nothing is known.
using cancel_reason_ptr = boost::intrusive_ptr<const cancel_reason>;

/// How a cancelled task or future ended, with the reason. Mirrors CancelledError and its message.
///
/// It compares equal to condition::cancelled as every cancellation does. The waits inside the
/// task throw a plain system_error; whoever awaits the task, or asks for its outcome, gets this.
class cancelled_error : public detail::worded_error {
public:
    /// `place`: which task it was and where it waited; may be empty.
    explicit cancelled_error(cancel_reason_ptr reason, const std::string& place = {})
        : worded_error(detail::aborted(), describe(reason, place))
        , reason_(std::move(reason))
    {}

    const cancel_reason_ptr& reason() const noexcept { return reason_; }

    /// The message given to cancel(); empty if there is none.
    std::string message() const;

private:
    static std::string describe(const cancel_reason_ptr& reason, const std::string& place);

    cancel_reason_ptr reason_;
};

namespace detail {

cancel_reason_ptr make_reason(cancel_origin origin, std::string text);

} // namespace detail
} // namespace rill::RILL_FORM

#ifndef RILL_SEPARATE_COMPILATION
#include <rill/impl/cancel_reason.ipp>
#endif
