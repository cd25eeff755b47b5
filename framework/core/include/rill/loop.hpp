// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/clock.hpp>
#include <rill/debug.hpp>
#include <rill/detail/form.hpp>
#include <rill/detail/loop/loop_core.hpp>
#include <rill/exception_context.hpp>
#include <rill/handle.hpp>
#include <rill/task.hpp>

#include <functional>
#include <memory>
#include <source_location>
#include <stdexcept>
#include <utility>

namespace rill::RILL_FORM {

class thread_pool;

namespace detail {
struct loop_access;
} // namespace detail

/// Called for each task as it is created; see loop::set_task_factory.
using task_factory = std::function<void(task_ref)>;

/// The event loop: an io_context and what asyncio adds to one. Mirrors asyncio's event loop.
///
/// It owns an io_context, or is a view of yours: everything that Rill keeps for a loop lives in
/// the io_context itself, so several views of one are the same loop. Nothing of Rill needs this
/// class; a program that has an io_context can go on without it.
///
/// A program whose own loop must have the thread, that of a GUI or a game, gives Rill's a share of
/// each frame, and needs no thread for it:
///
///     while (draw_frame())
///         for (auto end = rill::clock::now() + 2ms; rill::clock::now() < end && loop.poll_one();)
///             continue;
///
/// One loop at a time runs on a thread: whatever would run a second one, or the same one from
/// within, throws std::logic_error. After close() every function but close(), is_closed(),
/// is_running(), and call_exception_handler() throws std::logic_error, which says that the loop is
/// closed. Thread safety: one thread at a time, except call_soon_threadsafe and is_closed. In debug
/// mode call_soon, call_later, call_at and create_task throw std::logic_error on any other thread
/// than the one that runs the loop.
class loop {
public:
    loop();                                 ///< Owns its io_context.
    explicit loop(asio::io_context& adopt); ///< A view; `adopt` must outlive it.

    loop(loop&&) noexcept = default; ///< The loop that was moved from counts as closed.
    loop& operator=(loop&&) noexcept = default;

    asio::io_context& context() const;
    asio::io_context::executor_type get_executor() const;

    /// The loop's clock, which only goes forwards: the one that its deadlines refer to. Mirrors
    /// loop.time().
    time_point time() const;

    /// Where jitter and the like come from; loop.random().seed(n) makes it repeatable.
    random_source& random() const;

    // Callbacks

    /// `f()` is called once, after everything that is ready now, in a copy of the caller's context.
    /// An exception that leaves it goes to the exception handler, a fatal_error out of the run.
    template <class F>
    handle call_soon(F f, std::source_location place = std::source_location::current());

    /// Not before `d` has passed; equal deadlines in the order in which they were set. A delay of
    /// zero or less is due at once, one of `forever` never.
    template <class F>
    handle
    call_later(duration d, F f, std::source_location place = std::source_location::current());
    template <class F>
    handle call_at(time_point t, F f, std::source_location place = std::source_location::current());

    /// As call_soon, from any thread; it wakes a loop that waits. Calls of one thread keep their
    /// order, and on the thread that runs the loop it is call_soon. It may race with the end of the
    /// loop: std::logic_error if the loop is gone, and what was too late to run is destroyed with
    /// it.
    template <class F>
    threadsafe_handle
    call_soon_threadsafe(F f, std::source_location place = std::source_location::current());

    // Running

    /// Runs until `main` has ended, and gives its result or throws its exception unchanged. Tasks
    /// that are left stay, and go on with the next run. Mirrors loop.run_until_complete.
    ///
    /// std::logic_error if the loop is stopped before that: `main` then stays a task, and a later
    /// run continues it. The same, and nothing runs, for a task or future of another loop. A
    /// fatal_error of any task or callback ends the run; the loop stays usable.
    template <class T>
    T run_until_complete(
        awaitable<T> main, std::source_location place = std::source_location::current()
    );
    template <coroutine_function F>
    auto run_until_complete(F main, std::source_location place = std::source_location::current());
    template <class Handle>
        requires detail::awaited_handle<Handle>
    typename Handle::value_type run_until_complete(Handle main);

    /// Runs until stop(). Stopped before, it makes one pass: what is ready by then, sockets among
    /// it, has its turn. Mirrors loop.run_forever.
    void run_forever();

    /// Ends the run when the present turn is over, a bounded number of steps; what is ready by then
    /// runs with the next run. Where nothing runs, it counts for the next run_forever() or
    /// run_until_complete(). For a run of the program's own it is io_context::stop, and restart()
    /// has to come before the next one.
    void stop();

    /// Runs one turn: what is ready, up to a bound, or else what comes first. False, at once, if
    /// nothing is left that could come.
    bool run_once();

    /// The same without waiting; false if nothing was ready.
    bool poll_one();

    /// Turns without waiting until nothing is ready. Callbacks that keep each other ready make it
    /// endless, where poll_one() gives the thread back.
    void poll();

    // The end

    /// Cancels every task, those that come meanwhile too, and runs until all have ended. Their
    /// errors go to the exception handler. rill::run does this and more, in order; see
    /// runner::close.
    void cancel_all_tasks();

    /// What is queued is dropped without being called, the frames of tasks are destroyed, and the
    /// io_context goes. Nothing is waited for, threads of the default executor included; a lock,
    /// permit or item that was handed to a wait which has not run since is lost with it. Harmless
    /// when repeated; std::logic_error while the loop runs.
    ///
    /// Where the io_context is the program's own it stays usable, and may get a new view. Tasks
    /// that wait for something of Asio's are cancelled then, and end when it runs on.
    void close();

    bool is_closed() const noexcept;
    bool is_running() const;

    // Errors

    /// Called for each error that nobody is left to catch; empty restores the default, one line on
    /// standard error. A handler that throws is reported itself, and what it was given as well.
    void set_exception_handler(exception_handler handler);
    const exception_handler& get_exception_handler() const;
    void call_exception_handler(const exception_context& context) noexcept;

    // Tasks

    /// `f` sees each task as it is created, before its first step; those of groups, gather and
    /// timeouts too. It may name it. If it throws, there is no task: its exception leaves
    /// create_task, and the body is destroyed without having run. Empty takes it back.
    void set_task_factory(task_factory f);
    task_factory get_task_factory() const;

    /// Whether tasks run up to their first wait inside create_task, where their options do not say.
    /// Mirrors asyncio.eager_task_factory.
    void set_eager_tasks(bool on);
    bool get_eager_tasks() const;

    // The rest

    /// What to_thread uses from now on, where it would make a pool of its own at its first use.
    /// Loops may share one; the first of them that shuts down closes it for all.
    /// std::invalid_argument for null.
    void set_default_executor(std::shared_ptr<thread_pool> pool);

    /// Whether debug mode is on; see debug.hpp. RILL_DEBUG=1 turns it on for every loop.
    void set_debug(bool on);
    void set_debug(const debug_options& options);
    bool get_debug() const;

    /// To be called around fork() where the child goes on to use this loop, or where the program
    /// takes signals and the child does not exec: with fork_prepare and then fork_parent in the
    /// parent, fork_child in the child. A child that only runs a loop of its own needs nothing: the
    /// running loop and task of the parent do not exist in it.
    void notify_fork(asio::execution_context::fork_event event);

private:
    friend detail::loop_access;

    detail::loop_core& core() const;
    template <class Run>
    void run_exclusively(Run run);
    void run_until_ended(detail::completion_state& state);
    void run_until_stopped();

    std::unique_ptr<asio::io_context> owned_;
    detail::loop_core* core_;  // valid as long as the mailbox is open
    detail::mailbox_ptr mail_; // null after a move
};

/// The loop that this thread runs; std::logic_error where there is none. Mirrors
/// asyncio.get_running_loop.
loop this_loop();

} // namespace rill::RILL_FORM

#include <rill/impl/loop.hpp>

#ifndef RILL_SEPARATE_COMPILATION
#include <rill/impl/loop.ipp>
#endif
