// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/detail/wait/wait_operation.hpp>
#include <rill/task_group.hpp>

#include <stdexcept>

namespace rill::RILL_FORM {

/// What start() and the child that it began know of each other.
template <class T>
struct task_group::start_record final : detail::end_listener {
    explicit start_record(task_group& g)
        : group(g)
    {}

    void begin(detail::task_state& t) noexcept
    {
        child = &t;
        t.on_end = this;
        t.group = group.where_;
    }

    task_group& group;
    detail::task_state* child = nullptr; // null again once it has ended or is the group's
    bool said = false;
    outcome<T> result;
    detail::wait_line<> line; // start()

    detail::task_state* waiting_task() const noexcept override
    {
        return line.empty() ? nullptr : line.front()->waiting_task();
    }

    /// Before it said started(): its error is start()'s.
    void ended(detail::task_state& t) noexcept override
    {
        child = nullptr;
        t.mark_retrieved();
        result.set_exception(
            t.error() ? t.error()
                      : std::make_exception_ptr(std::logic_error(
                            "rill::task_group: " + t.description() + " ended without started()"
                        ))
        );
        line.complete_all();
        static_cast<detail::hook<detail::in_group>&>(t).unlink();
        group.child_ended();
    }
};

namespace detail {

/// Waits in a line until somebody completes the waiters.
class line_waiter : public operation {
public:
    line_waiter(
        loop_core& core, wait_line<>& line, const char* what, std::source_location where = {}
    ) noexcept
        : operation(&core, where)
        , line_(&line)
        , what_(what)
    {}

protected:
    void start() { line_->add(*this); }

    void describe_to(std::string& text) const { text = what_; }

private:
    wait_line<>* line_;
    const char* what_;
};

/// The same for the start of a child: a cancel goes on to the child, and the wait lasts until that
/// has ended.
class start_waiter : public line_waiter {
public:
    start_waiter(
        loop_core& core, wait_line<>& line, task_state* const& child, std::source_location where
    ) noexcept
        : line_waiter(core, line, "a child to start", where)
        , child_(&child)
    {}

protected:
    void on_cancel();

private:
    task_state* const* child_;
};

} // namespace detail

} // namespace rill::RILL_FORM
