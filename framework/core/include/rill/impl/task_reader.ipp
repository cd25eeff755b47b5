// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/detail/loop/loop_core.hpp>
#include <rill/detail/wait/deadline_scope.hpp>
#include <rill/detail/wait/held_object.hpp>
#include <rill/detail/watch/describe.hpp>
#include <rill/detail/watch/task_reader.hpp>
#include <rill/introspect.hpp>

#include <string>
#include <string_view>
#include <utility>

namespace rill::RILL_FORM::detail {

RILL_DECL std::string_view asio_operation(std::string_view function)
{
    constexpr std::string_view mark = "initiate_async_";
    const std::size_t begin = function.find(mark);
    if (begin == std::string_view::npos)
        return {};
    function.remove_prefix(begin + mark.size() - std::string_view("async_").size());
    return function.substr(0, function.find_first_of("];,> "));
}

RILL_DECL task_reader::task_reader(loop_core& core)
    : core_(core)
    , variables_(shown_variables::all())
{
    look_again();
    core.registry.held_objects.for_each([this](const held_object& held) {
        if (const task_state* holder = held.holder())
            locks_.emplace(holder->number(), held.title());
    });
}

RILL_DECL task_info task_reader::read(task_state& task) const
{
    task_info info;
    info.id = task.number();
    info.name = task.name();
    if (const task_state* parent = task.parent())
        info.parent = parent->number();
    info.created = task.created();
    info.group = task.group;
    info.steps = task.steps;
    info.state = activity_of(task);
    read_stack(task, info);
    read_wait(task, info);
    info.since = now_ - task.last_step;
    read_deadline(task, info);
    read_context(task, info);
    for (auto [lock, end] = locks_.equal_range(info.id); lock != end; ++lock)
        info.holds.push_back(lock->second);
    for_each_awaiter(task, [&](const task_state& who) { info.awaited_by.push_back(who.number()); });
    return info;
}

RILL_DECL std::string task_reader::outcome_of(const completion_state& state)
{
    if (state.ended_cancelled())
        return "cancelled";
    return state.error() ? "failed: " + text_of(state.error()) : "done";
}

RILL_DECL activity task_reader::activity_of(const task_state& task)
{
    if (task.done())
        return activity::ended;
    if (&task == current.task)
        return activity::running;
    if (!task.begun)
        return activity::fresh;
    return task.waiting && task.waiting->ready() ? activity::ready : activity::waiting;
}

RILL_DECL void task_reader::read_stack(const task_state& task, task_info& info)
{
    for (const coroutine_place* c = task.coroutines.innermost; c; c = c->outer())
        if (c->where().line() != 0 && !is_of_library(c->where()))
            info.stack.push_back(c->where());
    if (!info.stack.empty())
        info.where = info.stack.front();
    else if (task.waiting)
        info.where = task.waiting->where();
}

RILL_DECL void task_reader::read_wait(const task_state& task, task_info& info)
{
    info.cancelling = !task.done() && task.next_wait_throws();
    if (info.state == activity::ended)
        info.waits_for = outcome_of(task);
    else if (task.waiting)
        info.waits_for = task.waiting->what();
    else if (info.state == activity::waiting)
        info.waits_for = what_of_asio(task);
}

RILL_DECL std::string task_reader::what_of_asio(const task_state& task)
{
    if (!task.coroutines.innermost)
        return "an operation of Asio's";
    const std::string_view function = task.coroutines.innermost->where().function_name();
    if (const std::string_view name = asio_operation(function); !name.empty())
        return std::string(name) + " of Asio's";
    if (is_of_library(function))
        return "I/O in " + std::string(name_of_function(function));
    return "an operation of Asio's";
}

RILL_DECL void task_reader::read_deadline(const task_state& task, task_info& info) const
{
    if (info.state == activity::ended)
        return;
    const time_point deadline = effective_deadline(task);
    if (deadline != never && deadline != time_point::min())
        info.deadline = deadline - now_;
}

RILL_DECL void task_reader::read_context(task_state& task, task_info& info) const
{
    const context_ptr& box = task.context();
    if (!box || !box->values)
        return;
    for (const shown_variables::entry& variable : variables_)
        if (const auto* value = box->values->find(variable.variable); value && *value)
            info.context.emplace_back(variable.name, text_of_value(variable, value->get()));
}

RILL_DECL std::string
task_reader::text_of_value(const shown_variables::entry& variable, const void* value)
{
    try {
        return variable.text_of(value);
    } catch (...) {
        return "(its text failed)";
    }
}

} // namespace rill::RILL_FORM::detail

namespace rill::RILL_FORM {

RILL_DECL std::string to_string(activity a)
{
    switch (a) {
    case activity::fresh: return "new";
    case activity::ready: return "ready";
    case activity::running: return "running";
    case activity::waiting: return "waiting";
    case activity::ended: return "ended";
    }
    return "";
}

RILL_DECL task_info describe(const task_ref& t)
{
    detail::task_state& task = detail::task_access::data(t);
    if (detail::loop_core* core = task.core())
        return detail::task_reader(*core).read(task);
    task_info info;
    info.id = task.number();
    info.name = task.name();
    info.state = activity::ended;
    info.waits_for = task.done() ? detail::task_reader::outcome_of(task) : "its loop is gone";
    return info;
}

RILL_DECL std::string creation_trace(const task_ref& t)
{
    const detail::task_state& task = detail::task_access::data(t);
    return detail::trace_of(task.core(), &task);
}

RILL_DECL std::string creation_trace(const handle& h)
{
    return h.callback_ ? h.callback_->trace() : std::string();
}

} // namespace rill::RILL_FORM
