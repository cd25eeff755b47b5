// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/detail/watch/introspect.hpp>

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
    if (!task.begun())
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

RILL_DECL loop_statistics statistics_of(loop_core& core)
{
    const loop_meter& meter = core.monitor.meter;
    loop_statistics s;
    s.tasks = core.registry.task_count();
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

RILL_DECL loop_snapshot snapshot_of(loop_core& core)
{
    loop_snapshot s;
    s.loop = statistics_of(core);
    s.tasks.reserve(s.loop.tasks);
    const task_reader reader(core);
    core.registry.tasks.for_each([&](task_state& task) { s.tasks.push_back(reader.read(task)); });
    return s;
}

RILL_DECL task_state* task_walk::next() noexcept
{
    task_state* const next =
        last_ ? core_.registry.tasks.next(*last_) : core_.registry.tasks.front();
    if (next)
        last_ = next;
    return next;
}

RILL_DECL void task_walk::on(loop_event event, task_state* task) noexcept
{
    if (event == loop_event::task_ended && task == last_)
        last_ = core_.registry.tasks.previous(*task);
}

RILL_DECL std::string printable(std::string_view text)
{
    std::string out;
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        const bool in_utf8 =
            !out.empty() && out.back() == '\xc2'; // then below 0xa0 it is control, too
        if (byte >= 0x20 && byte != 0x7f && !(in_utf8 && byte < 0xa0)) {
            out += c;
            continue;
        }
        if (in_utf8 && byte >= 0x80) {
            out.pop_back();
            out += "\\xc2";
        }
        constexpr const char* hex = "0123456789abcdef";
        out += "\\x";
        out += hex[byte >> 4];
        out += hex[byte & 15];
    }
    return out;
}

RILL_DECL std::string state_of(const task_info& t)
{
    std::string line = to_string(t.state);
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

RILL_DECL std::string line_of(const task_info& t)
{
    return printable(t.name) + "  " + state_of(t);
}

RILL_DECL std::string frame_of(const std::source_location& place)
{
    return printable(name_of_function(place.function_name())) + at(place);
}

RILL_DECL tree_writer::tree_writer(const std::vector<task_info>& tasks)
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

RILL_DECL std::string tree_writer::text() const
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

RILL_DECL void
tree_writer::push(const std::vector<std::size_t>& tasks, std::string indent, std::vector<entry>& to)
{
    if (indent.size() > deepest_indent)
        indent = "... ";
    for (std::size_t i = tasks.size(); i > 0; --i)
        to.push_back({tasks[i - 1], indent, i == tasks.size()});
}

RILL_DECL void tree_writer::write(const entry& e, std::string& out) const
{
    const task_info& t = tasks_[e.task];
    out += e.indent + (e.last ? "└── " : "├── ") + line_of(t) + "\n";
    const std::string below = e.indent + (e.last ? "    " : "│   ") + "    ";
    if (t.stack.size() > 1)
        for (const std::source_location& place : t.stack)
            out += below + frame_of(place) + "\n";
}

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

RILL_DECL duration loop_statistics::lag_percentile(double p) const
{
    std::uint64_t all = 0;
    for (const std::uint64_t n : lag)
        all += n;
    const double wanted = p * static_cast<double>(all);
    std::uint64_t seen = 0;
    for (std::size_t i = 0; i < lag.size(); ++i) {
        seen += lag[i];
        if (seen > 0 && static_cast<double>(seen) >= wanted && i + 1 < lag.size())
            return std::min<duration>(std::chrono::microseconds(1ull << i), longest_turn);
    }
    return longest_turn;
}

RILL_DECL loop_statistics statistics_of(const asio::any_io_executor& ex)
{
    return detail::statistics_of(detail::loop_core::of(ex));
}

RILL_DECL loop_snapshot take_snapshot(const asio::any_io_executor& ex)
{
    return detail::snapshot_of(detail::loop_core::of(ex));
}

RILL_DECL awaitable<loop_snapshot> snapshot(duration slice)
{
    const asio::any_io_executor here = co_await asio::this_coro::executor;
    detail::loop_core& core = detail::loop_core::of(here);
    loop_snapshot s;
    s.loop = detail::statistics_of(core);
    s.tasks.reserve(s.loop.tasks);
    const std::uint64_t youngest = core.registry.last_task_number();
    detail::task_reader reader(core);
    detail::task_walk walk(core);
    time_point end = clock::now() + slice;
    for (detail::task_state* t = walk.next(); t && t->number() <= youngest; t = walk.next()) {
        s.tasks.push_back(reader.read(*t));
        if (s.tasks.size() % 16 != 0 || clock::now() < end)
            continue;
        auto sockets_too = asio::post(core.io(), asio::deferred); // a yield would go on before them
        co_await std::move(sockets_too);
        reader.look_again();
        end = clock::now() + slice;
    }
    co_return s;
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

} // namespace rill::RILL_FORM

namespace rill::RILL_FORM::detail {

RILL_DECL cycle_finder::cycle_finder(const std::vector<task_info>& tasks)
    : tasks_(tasks)
    , awaited_(tasks.size())
    , state_(tasks.size(), unseen)
{
    std::unordered_map<std::uint64_t, std::size_t> by_id;
    for (std::size_t i = 0; i < tasks.size(); ++i)
        by_id.emplace(tasks[i].id, i);
    for (std::size_t i = 0; i < tasks.size(); ++i)
        for (const std::uint64_t waiter : tasks[i].awaited_by)
            if (const auto at = by_id.find(waiter); at != by_id.end())
                awaited_[at->second].push_back(i);
}

RILL_DECL std::vector<std::vector<std::size_t>> cycle_finder::find()
{
    for (std::size_t i = 0; i < tasks_.size(); ++i)
        if (state_[i] == unseen)
            walk_from(i);
    return std::move(cycles_);
}

RILL_DECL void cycle_finder::walk_from(std::size_t first)
{
    enter(first);
    while (!path_.empty()) {
        step& last = path_.back();
        if (last.next == awaited_[last.task].size()) {
            state_[last.task] = left;
            path_.pop_back();
            continue;
        }
        const std::size_t next = awaited_[last.task][last.next++];
        if (state_[next] == unseen)
            enter(next);
        else if (state_[next] == on_path)
            note_cycle(next);
    }
}

RILL_DECL void cycle_finder::note_cycle(std::size_t first)
{
    const auto is_first = [=](const step& s) { return s.task == first; };
    std::vector<std::size_t>& cycle = cycles_.emplace_back();
    for (auto s = std::find_if(path_.begin(), path_.end(), is_first); s != path_.end(); ++s)
        cycle.push_back(s->task);
}

} // namespace rill::RILL_FORM::detail

namespace rill::RILL_FORM {

RILL_DECL std::vector<std::vector<std::uint64_t>> find_cycles(const std::vector<task_info>& tasks)
{
    std::vector<std::vector<std::uint64_t>> cycles;
    for (const std::vector<std::size_t>& cycle : detail::cycle_finder(tasks).find()) {
        std::vector<std::uint64_t>& ids = cycles.emplace_back();
        for (const std::size_t i : cycle)
            ids.push_back(tasks[i].id);
    }
    return cycles;
}

RILL_DECL std::string to_text(const loop_snapshot& s)
{
    std::string out = detail::counted(s.tasks.size(), "task", "tasks") + ", " +
                      std::to_string(s.loop.ready) + " ready, " + std::to_string(s.loop.timers) +
                      " timers, lag p99 " + detail::text_of(s.loop.lag_percentile(0.99)) + "\n";
    for (const std::vector<std::size_t>& cycle : detail::cycle_finder(s.tasks).find()) {
        out += "deadlock: ";
        for (const std::size_t i : cycle)
            out += detail::printable(s.tasks[i].name) + " -> ";
        out += detail::printable(s.tasks[cycle.front()].name) + "\n";
    }
    return out + detail::tree_writer(s.tasks).text();
}

RILL_DECL void dump_tasks(std::ostream& to)
{
    to << to_text(detail::snapshot_of(detail::loop_core::running()));
}

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

RILL_DECL void print_stack(const task_ref& t, std::ostream& to)
{
    const task_info info = describe(t);
    to << detail::line_of(info) << "\n";
    for (auto place = info.stack.rbegin(); place != info.stack.rend(); ++place)
        to << "  " << detail::frame_of(*place) << "\n";
}

RILL_DECL std::string to_string(const task_ref& t)
{
    const task_info info = describe(t);
    return "task '" + detail::printable(info.name) + "', " + detail::state_of(info);
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
