// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/detail/loop/loop_core.hpp>
#include <rill/detail/watch/call_graph.hpp>
#include <rill/detail/watch/task_text.hpp>
#include <rill/introspect.hpp>

#include <algorithm>
#include <optional>
#include <utility>

namespace rill::RILL_FORM::detail {

RILL_DECL call_graph graph_builder::graph_of(task_state& task)
{
    call_graph graph;
    graph.task = reader_.read(task);
    graph.cycle = std::find(path_.begin(), path_.end(), &task) != path_.end();
    graph.cut = !graph.cycle && (path_.size() >= deepest || !seen_.insert(&task).second);
    if (graph.cycle || graph.cut)
        return graph;
    path_.push_back(&task);
    for_each_awaiter(task, [&](task_state& who) { graph.awaited_by.push_back(graph_of(who)); });
    path_.pop_back();
    return graph;
}

RILL_DECL call_graph graph_of(const future_state& future)
{
    call_graph graph;
    graph.task.name = future.description();
    graph.task.created = future.created();
    graph.task.state = future.done() ? activity::ended : activity::waiting;
    if (future.done())
        graph.task.waits_for = task_reader::outcome_of(future);
    if (!future.core())
        return graph;
    graph_builder builder(*future.core());
    future.for_each_awaiter([&](task_state& who) {
        graph.awaited_by.push_back(builder.graph_of(who));
    });
    return graph;
}

RILL_DECL void write_graph(const call_graph& graph, std::string indent, std::string& out)
{
    out += indent + "task '" + printable(graph.task.name) + "'" +
           (graph.cycle ? " (again: it waits for itself)\n"
            : graph.cut ? " (...)\n"
                        : "\n");
    for (const std::source_location& place : graph.task.stack)
        out += indent + "  in " + frame_of(place) + "\n";
    if (graph.awaited_by.empty())
        return;
    out += indent + "  awaited by:\n";
    for (const call_graph& waiter : graph.awaited_by)
        write_graph(waiter, indent + "    ", out);
}

} // namespace rill::RILL_FORM::detail

namespace rill::RILL_FORM {

RILL_DECL call_graph capture_call_graph(const task_ref& t)
{
    detail::task_state& task = detail::task_access::data(t);
    if (!task.core()) {
        call_graph ended;
        ended.task = describe(t);
        return ended;
    }
    return detail::graph_builder(*task.core()).graph_of(task);
}

RILL_DECL std::optional<call_graph> capture_call_graph()
{
    detail::loop_core::running(); // throws where there is none
    if (const auto here = current_task())
        return capture_call_graph(*here);
    return std::nullopt;
}

RILL_DECL std::string to_text(const call_graph& graph)
{
    std::string out;
    detail::write_graph(graph, {}, out);
    return out;
}

} // namespace rill::RILL_FORM
