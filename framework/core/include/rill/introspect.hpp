// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/awaitable.hpp>
#include <rill/clock.hpp>
#include <rill/detail/form.hpp>
#include <rill/future.hpp>
#include <rill/handle.hpp>
#include <rill/loop.hpp>
#include <rill/task.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <iosfwd>
#include <optional>
#include <source_location>
#include <string>
#include <utility>
#include <vector>

namespace rill::RILL_FORM {

/// What a task does at present.
enum class activity {
    fresh,   ///< It has not begun.
    ready,   ///< It goes on in a coming turn.
    running, ///< It runs: it asks, or is asked in one of its steps.
    waiting,
    ended,
};

std::string to_string(activity a);

/// A task as it was when it was looked at. Places are those of co_await expressions.
struct task_info {
    std::uint64_t id = 0; ///< Unique in its loop, counted in the order of creation.
    std::string name;
    std::optional<std::uint64_t> parent; ///< The task that created it, if that has not ended.
    std::source_location created;
    std::source_location group; ///< Of the with_task_group that it runs in.
    activity state = activity::fresh;
    bool cancelling = false;                 ///< It was told to stop.
    std::string waits_for;                   ///< "an item of queue 'jobs'"
    std::source_location where;              ///< The program's own innermost co_await.
    std::vector<std::source_location> stack; ///< All of them, from the innermost outwards.
    duration since{};                        ///< For how long it has not run.
    std::optional<duration> deadline;        ///< Left until the innermost timeout that counts.
    std::vector<std::string> holds;          ///< Locks: "mutex 'cache'".
    std::vector<std::pair<std::string, std::string>> context; ///< Variables made with rill::shown.
    std::vector<std::uint64_t> awaited_by; ///< Tasks that await it, in gathers and groups as well.
    std::uint32_t steps = 0;               ///< That it has run; the count begins anew at 2^32.
};

/// A step, or a turn of several, that kept the loop for long.
struct slow_step_info {
    duration took{};
    std::string task;           ///< Empty for a callback.
    std::source_location where; ///< The wait after which it went on, where that is known.
    duration ago{};
    std::uint64_t steps = 1; ///< In which the time was spent; the task is that of the last one.
};

/// Counts since the loop began. A turn is what it does between two looks at its sockets; what comes
/// in meanwhile waits for the rest of it, so the lengths of turns are the loop's lag.
struct loop_statistics {
    std::size_t tasks = 0;
    std::size_t ready = 0;  ///< Callbacks and steps that could run now.
    std::size_t timers = 0; ///< Deadlines that are armed.
    std::uint64_t turns = 0;
    std::uint64_t steps = 0;
    std::uint64_t io = 0; ///< Turns that a socket, a signal or another thread began.
    duration busy{};      ///< Spent in turns.
    duration longest_turn{};
    /// Turns by their length: below 1 us, 2 us, 4 us and so on; the last one has all longer ones.
    std::vector<std::uint64_t> lag;
    std::vector<slow_step_info> slowest; ///< The ten slowest of 1 ms and more, the slowest first.

    /// Turns shorter than that make up the share `p` of all, from 0 to 1; a power of two of us.
    duration lag_percentile(double p) const;
};

/// The tasks of a loop and what it has done.
struct loop_snapshot {
    loop_statistics loop;
    std::vector<task_info> tasks; ///< In the order of creation.
};

/// What the loop has done so far. On its thread.
loop_statistics statistics_of(const loop& l);
loop_statistics statistics_of(const asio::any_io_executor& ex);

/// All tasks, at once: about a microsecond for each. On the loop's thread.
loop_snapshot take_snapshot(const loop& l);
loop_snapshot take_snapshot(const asio::any_io_executor& ex);

/// The same in slices, between which the loop goes on: so each task is as it was when its slice was
/// made. Tasks that end meanwhile may be missing, and those that begin are. Cancellation: total.
awaitable<loop_snapshot> snapshot(duration slice = std::chrono::milliseconds(1));

/// One task. `ended` tasks tell their outcome in waits_for.
task_info describe(const task_ref& t);

/// The tree of all tasks as text: name, state, what it waits for, where and since when, the
/// deadline that is left, locks, variables. Tasks that await each other in a circle are named. Mirrors
/// `python -m asyncio pstree`.
std::string to_text(const loop_snapshot& s);

/// Writes that for the loop that this thread runs; std::logic_error where there is none.
void dump_tasks(std::ostream& to);

/// A task, the coroutines that it is in, and those who await it. Mirrors asyncio.FutureCallGraph.
struct call_graph {
    task_info task;
    std::vector<call_graph> awaited_by;
    bool cycle = false; ///< It waits for itself: it is in the graph already, further in.
    bool cut = false; ///< Its awaiters are left out: they are in the graph already, or too far out.
};

/// That of the current task; empty outside of tasks. std::logic_error where no loop runs. Of a chain
/// of tasks that await each other it has the first 1000. Mirrors asyncio.capture_call_graph.
std::optional<call_graph> capture_call_graph();
call_graph capture_call_graph(const task_ref& t);

/// The same for a future, which is named "a future" and has neither an id nor coroutines.
template <class T>
call_graph capture_call_graph(const future<T>& f);

/// As text, outermost last. Mirrors asyncio.format_call_graph.
std::string to_text(const call_graph& graph);

/// Writes where a task is: its coroutines from the outermost to the innermost, or how it ended.
/// Mirrors Task.print_stack.
void print_stack(const task_ref& t, std::ostream& to);

/// Tasks that wait for each other in a circle, by their ids, each for the one behind it.
std::vector<std::vector<std::uint64_t>> find_cycles(const std::vector<task_info>& tasks);

/// "task 'reader', waiting 1.2s for an item of queue 'jobs' at orders.cpp:33, 300ms left".
std::string to_string(const task_ref& t);
template <class T>
std::string to_string(const task<T>& t);

/// "a future created at orders.cpp:12, pending, 2 wait for it".
template <class T>
std::string to_string(const future<T>& f);

/// In debug mode, the calls that made a task or a future, or registered a callback, a line each and
/// the innermost first. Empty for what was made while it was off, for a callback that has run, and
/// once the loop is gone.
std::string creation_trace(const task_ref& t);
template <class T>
std::string creation_trace(const future<T>& f);
std::string creation_trace(const handle& h);

} // namespace rill::RILL_FORM

#include <rill/detail/watch/introspect.hpp>
