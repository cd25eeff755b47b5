// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/detail/deadline_scope.hpp>
#include <rill/detail/describe.hpp>
#include <rill/detail/held_object.hpp>
#include <rill/detail/shown_variables.hpp>
#include <rill/introspect.hpp>

#include <boost/asio/deferred.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>

#include <algorithm>
#include <ostream>
#include <string_view>
#include <unordered_map>

namespace rill {
namespace detail {

/// Asio's name for an operation that is awaited with use_awaitable; empty for others.
inline std::string_view asio_operation(std::string_view function)
{
    constexpr std::string_view mark = "initiate_async_";
    const std::size_t begin = function.find(mark);
    if (begin == std::string_view::npos)
        return {};
    function.remove_prefix(begin + mark.size() - std::string_view("async_").size());
    return function.substr(0, function.find_first_of("];,> "));
}

/// Makes task_infos. Locks and the variables to be shown are looked up once, at its beginning.
class task_reader {
public:
    explicit task_reader(loop_core& core)
        : variables_(shown_variables::all())
        , now_(core.now())
    {
        core.held_objects().for_each([this](const held_object& held) {
            if (const task_state* holder = held.holder())
                locks_.emplace(holder->number(), held.title());
        });
    }

    task_info read(task_state& task) const
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
        task.joiners.for_each([&](const operation& waiter) {
            if (const task_state* who = waiter.waiting_task())
                info.awaited_by.push_back(who->number());
        });
        return info;
    }

    static std::string outcome_of_task(const task_state& task)
    {
        if (task.ended_cancelled())
            return "cancelled";
        if (!task.error())
            return "done";
        return "failed: " + text_of(task.error());
    }

private:
    static activity activity_of(const task_state& task)
    {
        if (task.done())
            return activity::ended;
        if (&task == current.task)
            return activity::running;
        if (!task.begun())
            return activity::fresh;
        return task.waiting && task.waiting->ready() ? activity::ready : activity::waiting;
    }

    static void read_stack(const task_state& task, task_info& info)
    {
        for (const coroutine_place* c = task.innermost; c; c = c->outer())
            if (c->where().line() != 0 && !is_of_library(c->where()))
                info.stack.push_back(c->where());
        if (!info.stack.empty())
            info.where = info.stack.front();
        else if (task.waiting)
            info.where = task.waiting->where();
    }

    static void read_wait(const task_state& task, task_info& info)
    {
        info.cancelling = !task.done() && task.told_to_stop();
        if (info.state == activity::ended)
            info.waits_for = outcome_of_task(task);
        else if (task.waiting)
            info.waits_for = task.waiting->what();
        else if (info.state == activity::waiting)
            info.waits_for = what_of_asio(task);
    }

    static std::string what_of_asio(const task_state& task)
    {
        if (!task.innermost)
            return "an operation of Asio's";
        const std::string_view function = task.innermost->where().function_name();
        if (const std::string_view name = asio_operation(function); !name.empty())
            return std::string(name) + " of Asio's";
        if (is_of_library(function))
            return "I/O in " + std::string(name_of_function(function));
        return "an operation of Asio's";
    }

    void read_deadline(const task_state& task, task_info& info) const
    {
        if (info.state == activity::ended)
            return;
        const time_point deadline = effective_deadline(task);
        if (deadline != never && deadline != time_point::min())
            info.deadline = deadline - now_;
    }

    void read_context(task_state& task, task_info& info) const
    {
        const context_ptr& box = task.context();
        if (!box || !box->values)
            return;
        for (const shown_variables::entry& variable : variables_)
            if (const auto* value = box->values->find(variable.variable); value && *value)
                info.context.emplace_back(variable.name, variable.text_of(value->get()));
    }

    std::vector<shown_variables::entry> variables_;
    std::unordered_multimap<std::uint64_t, std::string> locks_; // by the holder's number
    time_point now_;
};

inline loop_statistics statistics_of(loop_core& core)
{
    const loop_meter& meter = core.meter;
    loop_statistics s;
    s.tasks = core.tasks().size();
    s.ready = core.ready_count();
    s.timers = core.timers().size();
    s.turns = meter.turns;
    s.steps = meter.steps;
    s.io = meter.io;
    s.busy = meter.busy;
    s.longest_turn = meter.longest;
    s.lag.assign(meter.histogram.begin(), meter.histogram.end());
    const time_point now = core.now();
    for (const slow_step& step : meter.slowest)
        s.slowest.push_back({step.took, step.task, step.where, now - step.began, step.steps});
    return s;
}

inline loop_snapshot snapshot_of(loop_core& core)
{
    loop_snapshot s;
    s.loop = statistics_of(core);
    s.tasks.reserve(s.loop.tasks);
    const task_reader reader(core);
    core.tasks().for_each([&](task_state& task) { s.tasks.push_back(reader.read(task)); });
    return s;
}

inline void sort_by_creation(std::vector<task_info>& tasks)
{
    const auto older = [](const task_info& a, const task_info& b) { return a.id < b.id; };
    std::sort(tasks.begin(), tasks.end(), older);
}

/// Names and control characters come from anywhere: nothing of them reaches a terminal or a log.
inline std::string printable(std::string_view text)
{
    std::string out;
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if (byte >= 0x20 && byte != 0x7f) {
            out += c;
            continue;
        }
        constexpr const char* hex = "0123456789abcdef";
        out += "\\x";
        out += hex[byte >> 4];
        out += hex[byte & 15];
    }
    return out;
}

/// "waiting 1.2s for an item of queue 'jobs' at orders.cpp:33, 300ms left".
inline std::string line_of(const task_info& t)
{
    std::string line = printable(t.name) + "  " + to_string(t.state);
    if (t.state == activity::waiting || t.state == activity::ready)
        line += " " + text_of(std::chrono::round<std::chrono::microseconds>(t.since));
    if (!t.waits_for.empty())
        line += (t.state == activity::ended ? ", " : " for ") + printable(t.waits_for);
    line += at(t.where);
    if (t.cancelling)
        line += ", cancelling";
    if (t.deadline)
        line +=
            ", " + text_of(std::chrono::round<std::chrono::microseconds>(*t.deadline)) + " left";
    for (const std::string& lock : t.holds)
        line += ", holds " + printable(lock);
    for (const auto& [name, value] : t.context)
        line += ", " + printable(name) + "=" + printable(value);
    return line;
}

inline std::string frame_of(const std::source_location& place)
{
    return printable(name_of_function(place.function_name())) + at(place);
}

/// Writes tasks below their creators. Chains may be long: it keeps a stack of its own.
class tree_writer {
public:
    explicit tree_writer(const std::vector<task_info>& tasks)
        : tasks_(tasks)
    {
        for (std::size_t i = 0; i < tasks.size(); ++i)
            by_id_.emplace(tasks[i].id, i);
        children_.resize(tasks.size());
        for (std::size_t i = 0; i < tasks.size(); ++i) {
            const auto parent = tasks[i].parent ? by_id_.find(*tasks[i].parent) : by_id_.end();
            (parent == by_id_.end() ? roots_ : children_[parent->second]).push_back(i);
        }
    }

    std::string text() const
    {
        std::string out;
        std::vector<entry> open;
        push(roots_, {}, open);
        while (!open.empty()) {
            const entry e = std::move(open.back());
            open.pop_back();
            write(e, out);
            push(children_[e.task], e.indent + (e.last ? "    " : "│   "), open);
        }
        return out;
    }

private:
    struct entry {
        std::size_t task;
        std::string indent;
        bool last;
    };

    static constexpr std::size_t deepest_indent = 200; // of bytes: a chain is no triangle of blanks

    static void
    push(const std::vector<std::size_t>& tasks, std::string indent, std::vector<entry>& to)
    {
        if (indent.size() > deepest_indent)
            indent = "... ";
        for (std::size_t i = tasks.size(); i > 0; --i)
            to.push_back({tasks[i - 1], indent, i == tasks.size()});
    }

    void write(const entry& e, std::string& out) const
    {
        const task_info& t = tasks_[e.task];
        out += e.indent + (e.last ? "└── " : "├── ") + line_of(t) + "\n";
        const std::string below = e.indent + (e.last ? "    " : "│   ") + "    ";
        if (t.stack.size() > 1)
            for (const std::source_location& place : t.stack)
                out += below + frame_of(place) + "\n";
    }

    const std::vector<task_info>& tasks_;
    std::unordered_map<std::uint64_t, std::size_t> by_id_;
    std::vector<std::vector<std::size_t>> children_;
    std::vector<std::size_t> roots_;
};

inline call_graph
graph_of(const task_reader& reader, task_state& task, std::vector<task_state*>& path)
{
    call_graph graph;
    graph.task = reader.read(task);
    graph.cycle = std::find(path.begin(), path.end(), &task) != path.end();
    constexpr std::size_t deepest = 1000;
    if (graph.cycle || path.size() >= deepest)
        return graph;
    path.push_back(&task);
    std::vector<task_state*> waiters;
    task.joiners.for_each([&](const operation& waiter) {
        if (waiter.waiting_task())
            waiters.push_back(waiter.waiting_task());
    });
    for (task_state* waiter : waiters)
        graph.awaited_by.push_back(graph_of(reader, *waiter, path));
    path.pop_back();
    return graph;
}

inline void write_graph(const call_graph& graph, std::string indent, std::string& out)
{
    out += indent + "task '" + printable(graph.task.name) + "'" +
           (graph.cycle ? " (again: it waits for itself)\n" : "\n");
    for (const std::source_location& place : graph.task.stack)
        out += indent + "  in " + frame_of(place) + "\n";
    if (graph.awaited_by.empty())
        return;
    out += indent + "  awaited by:\n";
    for (const call_graph& waiter : graph.awaited_by)
        write_graph(waiter, indent + "    ", out);
}

} // namespace detail

inline std::string to_string(activity a)
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

inline duration loop_statistics::lag_percentile(double p) const
{
    std::uint64_t all = 0;
    for (const std::uint64_t n : lag)
        all += n;
    const double wanted = p * static_cast<double>(all);
    std::uint64_t seen = 0;
    for (std::size_t i = 0; i < lag.size(); ++i) {
        seen += lag[i];
        if (seen > 0 && static_cast<double>(seen) >= wanted)
            return std::min<duration>(std::chrono::microseconds(1ull << i), longest_turn);
    }
    return {};
}

inline loop_statistics statistics_of(const asio::any_io_executor& ex)
{
    return detail::statistics_of(detail::loop_core::of(ex));
}

inline loop_statistics statistics_of(const loop& l)
{
    return statistics_of(l.get_executor());
}

inline loop_snapshot take_snapshot(const asio::any_io_executor& ex)
{
    return detail::snapshot_of(detail::loop_core::of(ex));
}

inline loop_snapshot take_snapshot(const loop& l)
{
    return take_snapshot(l.get_executor());
}

inline awaitable<loop_snapshot> snapshot(duration slice)
{
    const asio::any_io_executor here = co_await asio::this_coro::executor;
    detail::loop_core& core = detail::loop_core::of(here);
    loop_snapshot s;
    s.loop = detail::statistics_of(core);
    s.tasks.reserve(s.loop.tasks);
    std::optional<detail::task_reader> reader;
    reader.emplace(core);
    time_point end = clock::now() + slice;
    for (std::size_t i = 0; i < core.slot_count(); ++i) {
        if (detail::task_state* task = core.slot_at(i).task)
            s.tasks.push_back(reader->read(*task));
        if (i % 16 != 0 || clock::now() < end)
            continue;
        auto sockets_too = asio::post(core.io(), asio::deferred); // a yield would go on before them
        co_await std::move(sockets_too);
        end = clock::now() + slice;
    }
    detail::sort_by_creation(s.tasks);
    co_return s;
}

inline task_info describe(const task_ref& t)
{
    detail::task_state& task = detail::task_access::data(t);
    if (detail::loop_core* core = task.core())
        return detail::task_reader(*core).read(task);
    task_info info;
    info.id = task.number();
    info.name = task.name();
    info.state = activity::ended;
    info.waits_for = task.done() ? detail::task_reader::outcome_of_task(task) : "its loop is gone";
    return info;
}

inline std::vector<std::vector<std::uint64_t>> find_cycles(const std::vector<task_info>& tasks)
{
    std::unordered_map<std::uint64_t, std::vector<std::uint64_t>>
        waits_for; // the edges turned round
    for (const task_info& t : tasks)
        for (const std::uint64_t waiter : t.awaited_by)
            waits_for[waiter].push_back(t.id);
    std::vector<std::vector<std::uint64_t>> cycles;
    std::unordered_map<std::uint64_t, std::size_t> seen; // in which walk
    std::size_t walk = 0;
    for (const task_info& first : tasks) {
        ++walk;
        std::vector<std::uint64_t> path;
        std::uint64_t id = first.id;
        while (!seen.contains(id)) {
            seen[id] = walk;
            path.push_back(id);
            const auto next = waits_for.find(id);
            if (next == waits_for.end())
                break;
            id = next->second.front(); // a task awaits one at a time
        }
        const auto again = std::find(path.begin(), path.end(), id);
        const bool closed = again != path.end() && waits_for.contains(path.back()) &&
                            waits_for[path.back()].front() == id;
        if (closed)
            cycles.emplace_back(again, path.end());
    }
    return cycles;
}

inline std::string to_text(const loop_snapshot& s)
{
    std::string out = std::to_string(s.tasks.size()) +
                      (s.tasks.size() == 1 ? " task, " : " tasks, ") +
                      std::to_string(s.loop.ready) + " ready, " + std::to_string(s.loop.timers) +
                      " timers, lag p99 " + detail::text_of(s.loop.lag_percentile(0.99)) + "\n";
    for (const auto& cycle : find_cycles(s.tasks)) {
        out += "deadlock: ";
        for (const std::uint64_t id : cycle) {
            const auto is_it = [id](const task_info& t) { return t.id == id; };
            const auto t = std::find_if(s.tasks.begin(), s.tasks.end(), is_it);
            out += detail::printable(t->name) + " -> ";
        }
        const auto is_first = [&](const task_info& t) { return t.id == cycle.front(); };
        out +=
            detail::printable(std::find_if(s.tasks.begin(), s.tasks.end(), is_first)->name) + "\n";
    }
    return out + detail::tree_writer(s.tasks).text();
}

inline void dump_tasks(std::ostream& to)
{
    to << to_text(detail::snapshot_of(detail::loop_core::running()));
}

inline call_graph capture_call_graph(const task_ref& t)
{
    detail::task_state& task = detail::task_access::data(t);
    if (!task.core()) {
        call_graph ended;
        ended.task = describe(t);
        return ended;
    }
    const detail::task_reader reader(*task.core());
    std::vector<detail::task_state*> path;
    return detail::graph_of(reader, task, path);
}

inline std::optional<call_graph> capture_call_graph()
{
    detail::loop_core::running(); // throws where there is none
    if (const auto here = current_task())
        return capture_call_graph(*here);
    return std::nullopt;
}

inline std::string to_text(const call_graph& graph)
{
    std::string out;
    detail::write_graph(graph, {}, out);
    return out;
}

inline void print_stack(const task_ref& t, std::ostream& to)
{
    const task_info info = describe(t);
    to << detail::line_of(info) << "\n";
    for (auto place = info.stack.rbegin(); place != info.stack.rend(); ++place)
        to << "  " << detail::frame_of(*place) << "\n";
}

} // namespace rill
