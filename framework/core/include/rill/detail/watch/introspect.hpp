// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/detail/form.hpp>
#include <rill/detail/loop/future_state.hpp>
#include <rill/detail/wait/deadline_scope.hpp>
#include <rill/detail/wait/held_object.hpp>
#include <rill/detail/watch/describe.hpp>
#include <rill/detail/watch/shown_variables.hpp>
#include <rill/introspect.hpp>

#include <boost/asio/deferred.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>

#include <algorithm>
#include <ostream>
#include <string_view>
#include <unordered_map>
#include <unordered_set>

namespace rill::RILL_FORM {
namespace detail {

/// Asio's name for an operation that is awaited with use_awaitable; empty for others.
std::string_view asio_operation(std::string_view function);

/// Makes task_infos. Locks and the variables to be shown are looked up once, at its beginning.
class task_reader {
public:
    explicit task_reader(loop_core& core);

    /// Time has passed.
    void look_again() { now_ = core_.now(); }

    task_info read(task_state& task) const;

    static std::string outcome_of(const completion_state& state);

private:
    static activity activity_of(const task_state& task);

    static void read_stack(const task_state& task, task_info& info);

    static void read_wait(const task_state& task, task_info& info);

    static std::string what_of_asio(const task_state& task);

    void read_deadline(const task_state& task, task_info& info) const;

    void read_context(task_state& task, task_info& info) const;

    /// A value of the user's must not keep anybody from seeing the tasks.
    static std::string text_of_value(const shown_variables::entry& variable, const void* value);

    loop_core& core_;
    std::vector<shown_variables::entry> variables_;
    std::unordered_multimap<std::uint64_t, std::string> locks_; // by the holder's number
    time_point now_;
};

loop_statistics statistics_of(loop_core& core);

loop_snapshot snapshot_of(loop_core& core);

/// Goes through the tasks in the order of their creation, and knows where it is when they end.
class task_walk final : public loop_observer {
public:
    explicit task_walk(loop_core& core)
        : core_(core)
    {
        core_.monitor.add(*this);
    }

    ~task_walk() { core_.monitor.remove(*this); }

    task_walk(const task_walk&) = delete;
    task_walk& operator=(const task_walk&) = delete;

    /// Null behind the last one.
    task_state* next() noexcept;

    void on(loop_event event, task_state* task) noexcept override;

private:
    loop_core& core_;
    task_state* last_ = nullptr; // it has not ended; null: before the first
};

/// Names and control characters come from anywhere: nothing of them reaches a terminal or a log.
std::string printable(std::string_view text);

/// "waiting 1.2s for an item of queue 'jobs' at orders.cpp:33, 300ms left".
std::string state_of(const task_info& t);

std::string line_of(const task_info& t);

std::string frame_of(const std::source_location& place);

/// Writes tasks below their creators. Chains may be long: it keeps a stack of its own.
class tree_writer {
public:
    explicit tree_writer(const std::vector<task_info>& tasks);

    std::string text() const;

private:
    struct entry {
        std::size_t task;
        std::string indent;
        bool last;
    };

    static constexpr std::size_t deepest_indent = 200; // of bytes: a chain is no triangle of blanks

    static void
    push(const std::vector<std::size_t>& tasks, std::string indent, std::vector<entry>& to);

    void write(const entry& e, std::string& out) const;

    const std::vector<task_info>& tasks_;
    std::unordered_map<std::uint64_t, std::size_t> by_id_;
    std::vector<std::vector<std::size_t>> children_;
    std::vector<std::size_t> roots_;
};

/// Builds call graphs. Each task is in one only once with its awaiters: they may share some.
class graph_builder {
public:
    explicit graph_builder(loop_core& core)
        : reader_(core)
    {}

    call_graph graph_of(task_state& task);

private:
    static constexpr std::size_t deepest = 1000; // tasks; the graph is built by recursion

    task_reader reader_;
    std::vector<task_state*> path_;
    std::unordered_set<const task_state*> seen_;
};

void write_graph(const call_graph& graph, std::string indent, std::string& out);

} // namespace detail

inline loop_statistics statistics_of(const loop& l)
{
    return statistics_of(l.get_executor());
}

inline loop_snapshot take_snapshot(const loop& l)
{
    return take_snapshot(l.get_executor());
}

namespace detail {

/// Looks for circles among tasks. Chains may be long: it keeps a stack of its own.
class cycle_finder {
public:
    explicit cycle_finder(const std::vector<task_info>& tasks);

    /// As places in the vector.
    std::vector<std::vector<std::size_t>> find();

private:
    enum state : char { unseen, on_path, left };

    struct step {
        std::size_t task;
        std::size_t next = 0; // of those that it awaits
    };

    void walk_from(std::size_t first);

    void enter(std::size_t task)
    {
        state_[task] = on_path;
        path_.push_back({task});
    }

    void note_cycle(std::size_t first);

    const std::vector<task_info>& tasks_;
    std::vector<std::vector<std::size_t>> awaited_; // by each, as places
    std::vector<state> state_;
    std::vector<step> path_;
    std::vector<std::vector<std::size_t>> cycles_;
};

} // namespace detail

template <class T>
call_graph capture_call_graph(const future<T>& f)
{
    const auto& data = *detail::handle_access::state(f);
    call_graph graph;
    graph.task.name = data.description();
    graph.task.created = data.created();
    graph.task.state = data.done() ? activity::ended : activity::waiting;
    if (data.done())
        graph.task.waits_for = detail::task_reader::outcome_of(data);
    if (!data.core())
        return graph;
    detail::graph_builder builder(*data.core());
    data.for_each_awaiter([&](detail::task_state& who) {
        graph.awaited_by.push_back(builder.graph_of(who));
    });
    return graph;
}

template <class T>
std::string to_string(const task<T>& t)
{
    return t ? to_string(task_ref(t)) : "no task";
}

template <class T>
std::string to_string(const future<T>& f)
{
    const auto& data = *detail::handle_access::state(f);
    const std::string created = data.description() + " created" + detail::at(data.created());
    if (data.done())
        return created + ", " + detail::task_reader::outcome_of(data);
    return created + ", pending" +
           detail::and_waiting(data.joiners.size(), "waits for it", "wait for it");
}

template <class T>
std::string creation_trace(const future<T>& f)
{
    const detail::future_state& state = *detail::handle_access::state(f);
    return detail::trace_of(state.core(), &state);
}

} // namespace rill::RILL_FORM

#ifndef RILL_SEPARATE_COMPILATION
#include <rill/impl/introspect_detail.ipp>
#endif
