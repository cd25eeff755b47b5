// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/task_group.hpp>

namespace rill::RILL_FORM {

RILL_DECL void task_group::check_open() const
{
    if (left_ || scope_.cancelled)
        throw std::logic_error("rill::task_group: it is shutting down, no task can start in it");
}

RILL_DECL void task_group::adopt(detail::task_state& child) noexcept
{
    child.on_end = this;
    child.group = where_;
}

} // namespace rill::RILL_FORM

namespace rill::RILL_FORM::detail {

RILL_DECL void start_waiter::on_cancel()
{
    if (*child_)
        (*child_)->request_cancel(task_ ? task_->reason() : nullptr);
}

} // namespace rill::RILL_FORM::detail

namespace rill::RILL_FORM {

RILL_DECL void task_group::limit(std::size_t n)
{
    if (n == 0)
        throw std::invalid_argument("rill::task_group: a limit of 0 would let nothing run");
    if (!children_.empty())
        throw std::logic_error("rill::task_group: the limit is set before the first child starts");
    free_turns_ = n;
}

RILL_DECL task_group::turn::~turn()
{
    if (!child_.on_end) // the loop dies, and the group may be gone
        return;
    if (auto* next = group_.turns_.front())
        next->complete();
    else
        ++group_.free_turns_;
}

RILL_DECL void task_group::leave() noexcept
{
    if (!std::exchange(left_, true))
        parent_.leave(scope_);
}

/// Those whom the cancellation of one ends at once leave the list afterwards.
RILL_DECL void task_group::cancel_all(cancel_reason_ptr why) noexcept
{
    parent_.core()->cancellations.together([&] {
        if (!scope_.cancelled)
            parent_.cancel(scope_, why);
        children_.for_each([&](detail::task_state& child) { child.request_cancel(why); });
    });
}

RILL_DECL void task_group::cancel(std::string message)
{
    if (left_ || scope_.cancelled)
        return;
    if (message.empty())
        message = "its task group was cancelled";
    cancel_all(detail::make_reason(cancel_origin::request, std::move(message)));
}

/// As a member of the list of those that failed: to note it asks for no memory.
RILL_DECL void task_group::fail(detail::task_state& child) noexcept
{
    child.mark_retrieved();
    child.retain();
    failed_.push_back(child);
    if (!collect_errors_ && !left_ && !scope_.cancelled)
        abort_turn_.request();
}

/// Why the others are cancelled; null, which is no reason, where there is no memory for it.
RILL_DECL cancel_reason_ptr
task_group::failure_of(const char* whose, std::exception_ptr error) noexcept
{
    try {
        return detail::make_reason(cancel_origin::sibling, whose, std::move(error));
    } catch (...) {
        return nullptr;
    }
}

RILL_DECL void task_group::abort() noexcept
{
    if (!left_ && !scope_.cancelled)
        cancel_all(failure_of("another member of its task group failed: ", failed_.front()->error())
        );
}

RILL_DECL void task_group::body_failed(std::exception_ptr error) noexcept
{
    const bool cancelled = detail::was_asked_for(error);
    if (cancelled) {
        body_cancelled_ = std::move(error);
        cancelled_itself_ = !scope_.cancelled;
    } else {
        body_error_ = std::move(error);
    }
    if (collect_errors_ && !cancelled)
        return;
    if (!scope_.cancelled)
        cancel_all(
            cancelled ? parent_.reason()
                      : failure_of("the body of its task group failed: ", body_error_)
        );
}

template <class F>
void task_group::for_each_error(F f) const
{
    failed_.for_each([&](const detail::task_state& child) { f(child.error()); });
    if (body_error_)
        f(body_error_);
}

/// No error disappears: they are reported where something else is thrown.
RILL_DECL void
task_group::report_errors(const std::exception_ptr& instead, const char* why) noexcept
{
    for_each_error([&](const std::exception_ptr& error) {
        if (error != instead)
            parent_.core()->report({why, error, parent_.name()});
    });
}

RILL_DECL exception_group task_group::all_errors() const
{
    std::vector<std::exception_ptr> errors;
    for_each_error([&](const std::exception_ptr& error) { errors.push_back(error); });
    return exception_group(std::move(errors));
}

RILL_DECL void task_group::throw_errors()
{
    std::exception_ptr fatal;
    for_each_error([&](const std::exception_ptr& error) {
        if (!fatal && detail::is_fatal(error))
            fatal = error;
    });
    if (fatal) {
        report_errors(fatal, "an error in a task group that a fatal error ended");
        std::rethrow_exception(fatal);
    }
    try {
        throw all_errors();
    } catch (const std::bad_alloc&) {
        report_errors(nullptr, "an error in a task group that ended short of memory");
        throw;
    }
}

/// Errors first; then a cancellation that is not the group's own.
RILL_DECL void task_group::throw_what_is_due()
{
    if (!failed_.empty() || body_error_)
        throw_errors();
    const bool outside = (interrupted_ || body_cancelled_) && parent_.cancelled();
    if (!outside && !cancelled_itself_)
        return;
    if (body_cancelled_)
        std::rethrow_exception(body_cancelled_);
    detail::throw_cancelled();
}

RILL_DECL task_group::abort_turn::abort_turn(task_group& group) noexcept
    : ready_node(&on_act)
    , group_(group)
{}

RILL_DECL task_group::abort_turn::~abort_turn()
{
    if (linked())
        group_.parent_.core()->forget(*this);
}

RILL_DECL void task_group::abort_turn::request() noexcept
{
    if (!linked())
        group_.parent_.core()->make_ready(*this);
}

RILL_DECL void task_group::abort_turn::on_act(ready_node& node, detail::act what)
{
    if (what == detail::act::run)
        static_cast<abort_turn&>(node).group_.abort();
}

RILL_DECL task_group::~task_group()
{
    // Only a loop that dies destroys the frame of a group with children: none may come back to it.
    while (detail::task_state* child = children_.pop_front())
        child->on_end = nullptr;
    while (detail::task_state* child = failed_.pop_front())
        child->release();
    leave();
}

RILL_DECL void task_group::ended(detail::task_state& child) noexcept
{
    static_cast<detail::hook<detail::in_group>&>(child).unlink();
    if (child.error() && !child.ended_cancelled())
        fail(child);
    child_ended();
}

RILL_DECL detail::task_state* task_group::waiting_task() const noexcept
{
    return ended_.empty() ? nullptr : ended_.front()->waiting_task();
}

RILL_DECL void task_group::child_ended() noexcept
{
    --size_;
    if (children_.empty())
        ended_.complete_all();
}

RILL_DECL task_group::exit_scope::exit_scope(task_group& group)
    : group_(group)
{
    shield = true;
    on_outer_cancel = [](detail::scope& s, bool again) {
        static_cast<exit_scope&>(s).pass_on(again);
    };
    group_.parent_.enter(*this);
    pass_on(false);
}

RILL_DECL void task_group::exit_scope::pass_on(bool again)
{
    if (!group_.parent_.cancelled_outside(group_.scope_))
        return;
    group_.interrupted_ = true;
    if (again || !group_.scope_.cancelled)
        group_.cancel_all(group_.parent_.reason_outside(group_.scope_));
}

#ifdef RILL_SEPARATE_COMPILATION
template awaitable<void> detail::run_as_task<void>(awaitable<void>);
template awaitable<void> task_group::take_turn<void>(awaitable<void>);
template task<void>
    task_group::create_task<void>(awaitable<void>, task_options, std::source_location);
#endif

} // namespace rill::RILL_FORM
