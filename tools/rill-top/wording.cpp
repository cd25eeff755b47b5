// SPDX-License-Identifier: BSL-1.0
#include "wording.hpp"

#include "text.hpp"

#include <algorithm>
#include <cstddef>

namespace top {

namespace {

constexpr std::size_t most_named = 8; // tasks of a cycle

std::string with_place(std::string text, const std::string& where)
{
    if (!where.empty())
        text += (text.empty() ? "at " : " at ") + printable(where);
    return text;
}

} // namespace

std::string name_of(const task_info& task)
{
    return task.name.empty() ? "task " + std::to_string(task.id) : printable(task.name);
}

std::string state_of(const task_info& task)
{
    const bool waits = task.state == task_state::waiting || task.state == task_state::ready;
    return std::string(to_string(task.cancelling && waits ? task_state::cancelling : task.state));
}

std::string wait_of(const task_info& task)
{
    return with_place(printable(task.waits_for), task.where);
}

std::string deadline_of(const task_info& task)
{
    if (!task.deadline_ms)
        return "";
    const std::int64_t left = *task.deadline_ms;
    const auto distance =
        left < 0 ? ~static_cast<std::uint64_t>(left) + 1 : static_cast<std::uint64_t>(left);
    return milliseconds(distance) + (left < 0 ? " overdue" : " left");
}

std::string held_by(const task_info& task)
{
    std::string text;
    for (const std::string& what : task.holds)
        text += (text.empty() ? "" : ", ") + printable(what);
    return text;
}

std::string story_of(const task_info& task, bool deadlocked)
{
    std::string text = state_of(task) + " " + milliseconds(task.since_ms);
    if (!task.waits_for.empty())
        text += " for " + printable(task.waits_for);
    text = with_place(std::move(text), task.where);
    if (task.deadline_ms)
        text += ", " + deadline_of(task);
    if (!task.holds.empty())
        text += ", holds " + held_by(task);
    if (deadlocked)
        text += ", in a deadlock";
    return text;
}

std::string awaiters_of(const snapshot& of, const relations& related, const task_info& task)
{
    std::string text;
    for (const std::uint64_t id : task.awaited_by) {
        const position awaiter = related.index().find(task.loop, id);
        text += text.empty() ? "" : ", ";
        text += awaiter == nobody ? "task " + std::to_string(id) : name_of(of.tasks[awaiter]);
    }
    return text;
}

std::string frame_text(const stack_frame& frame)
{
    return with_place(printable(frame.function), frame.where);
}

std::string loop_text(const snapshot& of, const relations::loop_entry& loop)
{
    const std::string name = printable(loop.name);
    if (loop.info == nobody)
        return name + " (" + counted(loop.tasks, "task") + ")";
    const loop_info& info = of.loops[loop.info];
    if (!info.answers)
        return name + " (" + silence_of(info) + ")";
    return name + " (" + counted(info.tasks, "task") + ", " + std::to_string(info.ready) +
           " ready, lag p99 " + microseconds(info.lag_us.p99) + ")";
}

std::string silence_of(const loop_info& loop)
{
    const std::string text = "no answer for " + milliseconds(loop.silent_ms);
    return loop.running.empty() ? text : text + ", running " + printable(loop.running);
}

std::string deadlock_text(const snapshot& of, const std::vector<position>& cycle)
{
    std::string text = "deadlock: ";
    const std::size_t named = std::min(cycle.size(), most_named);
    for (std::size_t i = 0; i < named; ++i)
        text += name_of(of.tasks[cycle[i]]) + " -> ";
    if (named < cycle.size())
        text += "(" + std::to_string(cycle.size() - named) + " more) -> ";
    return text + name_of(of.tasks[cycle.front()]);
}

std::string service_text(const service_info& info)
{
    std::string text = printable(info.program) + " (pid " + std::to_string(info.pid) + ")";
    if (!info.rill.empty())
        text += ", rill " + printable(info.rill);
    return text + (info.debug ? ", debug" : "") + ", up " + milliseconds(info.uptime_ms);
}

std::string left_out_text(const snapshot& of)
{
    if (of.left_out == 0)
        return "";
    return counted(of.left_out, "task") + " more " + (of.left_out == 1 ? "is" : "are") +
           " not shown";
}

} // namespace top
