// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/context.hpp>
#include <rill/detail/form.hpp>

#include <optional>
#include <string>
#include <utility>

namespace rill::RILL_FORM {

/// How a task is to be started: `task_options("reader").eager()`. A name alone converts to it.
class task_options {
public:
    task_options() = default;

    task_options(std::string name)
        : name_(std::move(name))
    {}

    task_options(const char* name)
        : name_(name)
    {}

    /// Shown in reports and dumps; without one the task is named after its number.
    task_options& name(std::string text)
    {
        name_ = std::move(text);
        return *this;
    }

    /// Whether the first step runs inside create_task, up to the first wait; unset, the loop
    /// decides (loop::set_eager_tasks). Mirrors eager_start. A loop that does not run yet starts
    /// nothing eagerly.
    task_options& eager(bool on = true)
    {
        eager_ = on;
        return *this;
    }

    /// The context that the task runs in and changes; without one, it gets a copy of the creator's.
    task_options& context(const rill::context& c)
    {
        context_ = context_access::box(c);
        return *this;
    }

    const std::string& name() const& noexcept { return name_; }

    std::string&& name() && noexcept { return std::move(name_); }

    std::optional<bool> wants_eager() const noexcept { return eager_; }

    /// Null where none was given. The library's own.
    const detail::context_ptr& context_box() const noexcept { return context_; }

private:
    std::string name_;
    std::optional<bool> eager_;
    detail::context_ptr context_;
};

} // namespace rill::RILL_FORM
