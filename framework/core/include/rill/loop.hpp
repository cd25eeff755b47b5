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

    /// Runs until stop(). Mirrors loop.run_forever.
    void run_forever();

    /// Ends the run when the present turn is over, a bounded number of steps; what is ready by then
    /// runs with the next run. Where this class runs nothing, it is io_context::stop, and restart()
    /// has to come before the next run of the program's own.
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

    /// Whether debug mode is on; see debug.hpp. RILL_DEBUG=1 turns it on for rill::run.
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

    std::unique_ptr<asio::io_context> owned_;
    detail::loop_core* core_;  // valid as long as the mailbox is open
    detail::mailbox_ptr mail_; // null after a move
};

/// The loop that this thread runs; std::logic_error where there is none. Mirrors
/// asyncio.get_running_loop.
loop this_loop();

// Implementation

namespace detail {

[[noreturn]] void refuse_closed_loop();

void check_no_loop_runs_here();

/// The way into a loop, for the rest of the library.
struct loop_access {
    static loop_core& core(const loop& l);

    static void run_until_ended(loop& l, completion_state& state);

    /// For other threads: the core is not to be touched there, and only named.
    static loop_core* address(const loop& l) noexcept;

    static const mailbox_ptr& mail(const loop& l) noexcept;
};

/// Queues `f()` behind what is ready. On other threads the core is not touched, and only named.
template <class F>
void call_from_any_thread(loop_core& core, const mailbox_ptr& mail, F f, std::source_location place)
{
    auto callback = make_callback(core, never, std::move(f), place);
    if (mail->runs_here()) {
        callback->start_soon(callback);
        return;
    }
    auto deliver = [callback = std::move(callback), mail] {
        if (!mail->closed())
            callback->start_soon(callback);
    };
    if (!mail->post(std::move(deliver)))
        refuse_closed_loop();
}

/// A task_factory in the form in which the loop calls it.
struct stored_task_factory {
    task_factory call;

    void operator()(task_state& task) const;
};

/// Calls something when a task or future has ended, unless it is gone by then.
template <class F>
class end_hook {
public:
    end_hook(loop_core& core, completion_state& state, F f)
        : callback_(make_callback(core, never, std::move(f)))
    {
        callback_->start_at_end_of(state, callback_);
    }

    ~end_hook() { callback_->cancel(); }

    end_hook(const end_hook&) = delete;
    end_hook& operator=(const end_hook&) = delete;

private:
    std::shared_ptr<callback> callback_;
};

} // namespace detail

inline loop::loop(asio::io_context& adopt)
    : core_(&detail::loop_core::of(adopt))
    , mail_(&core_->mail())
{}

template <class F>
handle loop::call_soon(F f, std::source_location place)
{
    detail::check_callback<F>();
    core().check_caller();
    auto callback = detail::make_callback(core(), core().now(), std::move(f), place);
    callback->start_soon(callback);
    return handle(callback);
}

template <class F>
handle loop::call_later(duration d, F f, std::source_location place)
{
    core().check_caller();
    return call_at(detail::deadline_after(core().now(), d), std::move(f), place);
}

template <class F>
handle loop::call_at(time_point t, F f, std::source_location place)
{
    detail::check_callback<F>();
    core().check_caller();
    auto callback = detail::make_callback(core(), t, std::move(f), place);
    callback->start_later(callback);
    return handle(callback);
}

template <class F>
threadsafe_handle loop::call_soon_threadsafe(F f, std::source_location place)
{
    detail::check_callback<F>();
    if (!mail_)
        detail::refuse_closed_loop();
    const auto claim = std::make_shared<detail::callback_claim_of<F>>(std::move(f));
    detail::call_from_any_thread(*core_, mail_, [claim] { claim->call(); }, place);
    return threadsafe_handle(claim);
}

template <class Run>
void loop::run_exclusively(Run run)
{
    class mark {
    public:
        explicit mark(std::atomic<bool>& running)
            : running_(running)
        {
            if (running_.exchange(true))
                throw std::logic_error("rill::loop: another thread runs this loop");
        }

        ~mark() { running_ = false; }

        mark(const mark&) = delete;
        mark& operator=(const mark&) = delete;

    private:
        std::atomic<bool>& running_;
    };

    detail::loop_core& c = core();
    detail::check_no_loop_runs_here();
    const mark running(c.being_run);
    const detail::step_scope step(&c, nullptr);
    c.move_to_this_thread();
    c.io().restart();
    run();
    c.io().restart(); // for a run of the program's own
}

template <class Handle>
    requires detail::awaited_handle<Handle>
typename Handle::value_type loop::run_until_complete(Handle main)
{
    if (!main)
        throw invalid_state("rill: the handle that is awaited refers to nothing");
    run_until_ended(*detail::handle_access::state(main));
    return detail::take_result(main, false);
}

template <class T>
T loop::run_until_complete(awaitable<T> main, std::source_location place)
{
    const detail::never_missed<awaitable<T>> refused(main);
    detail::check_no_loop_runs_here();
    const task<T> t = detail::start(core(), std::move(main), "main", place);
    detail::handle_access::state(t)->is_main = true;
    run_until_ended(*detail::handle_access::state(t));
    return detail::take_result(t, true);
}

template <coroutine_function F>
auto loop::run_until_complete(F main, std::source_location place)
{
    return run_until_complete(detail::call_stored(std::move(main)), place);
}

} // namespace rill::RILL_FORM

#ifndef RILL_SEPARATE_COMPILATION
#include <rill/impl/loop.ipp>
#endif
