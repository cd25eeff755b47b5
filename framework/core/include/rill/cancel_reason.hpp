// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/detail/form.hpp>
#include <rill/detail/late_text.hpp>
#include <rill/error.hpp>

#include <boost/smart_ptr/intrusive_ptr.hpp>
#include <boost/smart_ptr/intrusive_ref_counter.hpp>

#include <exception>
#include <memory>
#include <string>
#include <utility>

namespace rill::RILL_FORM {

class cancel_reason;
class cancelled_error;

/// Who asked for a cancellation.
enum class cancel_origin {
    request,  // cancel() on a task, a future, a scope or a group
    deadline, // a timeout, or the deadline of a scope
    sibling,  // another member of a group failed, or of a race was faster
    shutdown, // the loop is being closed
};

namespace detail {

/// With a `cause`, its text stands behind `text`.
boost::intrusive_ptr<const cancel_reason>
make_reason(cancel_origin origin, std::string text, std::exception_ptr cause = nullptr);

} // namespace detail

/// Why something was cancelled: the first reason counts, later ones do not replace it.
///
/// Thread safety: any thread may read it.
class cancel_reason : public boost::intrusive_ref_counter<cancel_reason> {
public:
    cancel_reason(cancel_origin origin, std::string text)
        : cancel_reason(origin, std::move(text), nullptr)
    {}

    cancel_origin origin() const noexcept { return origin_; }

    /// The message given to cancel(); else what happened, in words. May be empty for a request.
    const std::string& text() const noexcept;

private:
    friend cancelled_error;
    friend boost::intrusive_ptr<const cancel_reason>
        detail::make_reason(cancel_origin, std::string, std::exception_ptr);

    cancel_reason(cancel_origin origin, std::string text, std::exception_ptr cause)
        : origin_(origin)
        , given_(std::move(text))
        , cause_(std::move(cause))
    {}

    /// What a cancelled_error says that knows no more than this.
    const char* sentence() const noexcept;

    cancel_origin origin_;
    std::string given_;
    std::exception_ptr cause_; // the error that led to it, if there is one: its text follows
    detail::late_text text_;
    detail::late_text sentence_;
};

/// May be null where nothing is known.
using cancel_reason_ptr = boost::intrusive_ptr<const cancel_reason>;

/// A cancellation that somebody asked for, with the reason. Mirrors CancelledError and its message.
///
/// Rill's waits throw it in what was told to stop, and whoever awaits a task or future that was
/// cancelled, or asks for its outcome, gets it. Asio's own operations throw a plain system_error
/// there; is_cancellation() holds for both. It compares equal to condition::cancelled.
class cancelled_error : public system_error {
public:
    /// `place`: which task it was and where it waited; may be empty.
    explicit cancelled_error(cancel_reason_ptr reason, std::string place = {});

    const cancel_reason_ptr& reason() const noexcept { return reason_; }

    /// The message given to cancel(); empty if there is none.
    std::string message() const;

    /// Which task it was and where it waited, and why: "cancelled task 'x' while it waited for
    /// ... (message)", as far as it is known.
    const char* what() const noexcept override;

    /// Whether what() names a task. The error of a wait, seen in the task itself, does not.
    bool names_task() const noexcept { return story_ != nullptr; }

private:
    friend cancel_reason;

    struct story {
        explicit story(std::string p) noexcept
            : place(std::move(p))
        {}

        std::string place;
        detail::late_text text;
    };

    static std::string describe(const cancel_reason* reason, const std::string& place);

    cancel_reason_ptr reason_;
    std::shared_ptr<const story> story_; // shared by the copies, which must not throw
};

namespace detail {

/// Whether `error` is a cancelled_error.
bool is_cancelled_error(const std::exception_ptr& error) noexcept;

} // namespace detail
} // namespace rill::RILL_FORM

#ifndef RILL_SEPARATE_COMPILATION
#include <rill/impl/cancel_reason.ipp>
#endif
