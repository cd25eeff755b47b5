// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/awaitable.hpp>
#include <rill/detail/form.hpp>
#include <rill/detail/loop/outcome_handle.hpp>
#include <rill/sleep.hpp>
#include <rill/task_options.hpp>

#include <concepts>
#include <functional>
#include <optional>
#include <source_location>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace rill::RILL_FORM {

namespace detail {

template <class T>
using task_data = outcome_of<T, task_state>;

struct task_access;

/// Neither an awaitable, nor something that gives one when it is called as it is, nor what may
/// stand in front of these.
template <class F>
concept called_with_arguments =
    !is_awaitable<F> && !coroutine_function<F&> && !std::convertible_to<F, task_options> &&
    !std::convertible_to<F, asio::any_io_executor>;

/// The options of a call, and where that stands.
struct options_here {
    template <std::convertible_to<task_options> Options>
    options_here(Options&& o, std::source_location p = std::source_location::current())
        : options(std::forward<Options>(o))
        , place(p)
    {}

    task_options options;
    std::source_location place;
};

} // namespace detail

/// A coroutine that runs by itself, and the handle on it. Mirrors asyncio.Task.
///
/// The loop owns what runs: dropping every handle neither stops nor cancels it. The outcome is
/// kept as long as a handle lives; an exception that nobody looked at by then is reported to the
/// loop's exception handler. Handles are cheap to copy and belong to the loop's thread, except that
/// any thread may call cancel() and may destroy a handle while the loop lives.
///
/// `co_await task` gives the result or throws the exception unchanged, to each who awaits it.
/// Cancelling whoever awaits it cancels the task, and the wait lasts until it has ended. A task
/// that awaits itself, or one of another loop, gets a std::logic_error.
template <class T = void>
class task : public detail::outcome_handle<task<T>, T, detail::task_data<T>> {
    using base = detail::outcome_handle<task<T>, T, detail::task_data<T>>;

public:
    task() noexcept = default; ///< Refers to no task.

    /// Asks the task to stop: the wait that it is in, and each later one, throws a cancelled_error
    /// until it ends or uncancel() takes the request back; Asio's own operations throw a plain
    /// system_error with operation_aborted. What it waits for is cancelled with it,
    /// down a chain of tasks. False if it had ended.
    ///
    /// Whoever awaits the task gets a cancelled_error with the message; the first one counts.
    /// From another thread the request travels through the loop, and the answer is true.
    bool cancel(std::string message = {});

    /// Requests not taken back. Mirrors Task.cancelling.
    unsigned cancelling() const { return this->data().requests(); }

    /// Takes one request back and returns how many are left; the last one lifts the cancellation.
    unsigned uncancel() { return this->data().take_back_request(); }

    std::string name() const { return this->data().name(); }

    void set_name(std::string name) { this->data().set_name(std::move(name)); }

    /// The context that the task runs in. Mirrors Task.get_context.
    context get_context() const;

private:
    friend detail::task_access;

    using base::base;
};

/// Starts `body` as a task of the loop that this thread runs; its first step comes after those
/// that are ready now, and tasks start in the order of their creation. Mirrors asyncio.create_task.
///
/// A callable is stored until its coroutine has ended, so that a lambda's captures stay valid: pass
/// the lambda, do not call it. Arguments are copied with it; see bind_coroutine for what that
/// means. A name goes in front of them: `create_task("session", serve, std::move(client))`.
/// std::logic_error without a running loop; `body` is then destroyed without having run.
template <class T>
task<T> create_task(
    awaitable<T> body,
    task_options options = {},
    std::source_location place = std::source_location::current()
);
template <coroutine_function F>
auto create_task(
    F body, task_options options = {}, std::source_location place = std::source_location::current()
);

template <class F, class... Args>
    requires(!detail::is_awaitable<F>)
auto create_task(detail::options_here options, F f, Args... args);

// Without a name. Nothing may follow any number of arguments, and so the caller's place is known for
// up to three.

template <detail::called_with_arguments F>
auto create_task(F f, std::source_location place = std::source_location::current());
template <detail::called_with_arguments F, class A>
auto create_task(F f, A a, std::source_location place = std::source_location::current());
template <detail::called_with_arguments F, class A, class B>
auto create_task(F f, A a, B b, std::source_location place = std::source_location::current());
template <detail::called_with_arguments F, class A, class B, class C>
auto create_task(F f, A a, B b, C c, std::source_location place = std::source_location::current());
template <detail::called_with_arguments F, class A, class B, class C, class D, class... Args>
auto create_task(F f, A a, B b, C c, D d, Args... args);

/// The same on the loop of `ex`: for programs that run their io_context themselves.
template <class T>
task<T> create_task(
    const asio::any_io_executor& ex,
    awaitable<T> body,
    task_options options = {},
    std::source_location place = std::source_location::current()
);
template <coroutine_function F>
auto create_task(
    const asio::any_io_executor& ex,
    F body,
    task_options options = {},
    std::source_location place = std::source_location::current()
);

/// A coroutine that keeps copies of `f` and `args` and calls f(args...): for every combinator, and
/// for create_task with options, `create_task(bind_coroutine(session, std::move(client)),
/// "session")`. What the coroutine takes by reference refers to the copies. A parameter that is a
/// non-const reference takes std::ref only, as with std::thread. Mirrors functools.partial.
template <class F, class... Args>
auto bind_coroutine(F f, Args... args);

/// Serves the other tasks for as long as they run: a shutdown cancels it after them. A background
/// task that fails ends the run with a fatal_error that names it. Mirrors trio's system tasks.
task<void> create_background_task(
    awaitable<void> body,
    task_options options = {},
    std::source_location place = std::source_location::current()
);

/// A task without its result's type: what current_task() and all_tasks() give. It is awaited, waited
/// for and gathered as a task is, and gives nothing, or throws the task's exception.
class task_ref : public detail::outcome_handle<task_ref, void, detail::task_state> {
public:
    explicit task_ref(detail::task_state& state) noexcept;
    template <class T>
    task_ref(const task<T>& t);

    bool cancel(std::string message = {});
    unsigned cancelling() const;
    unsigned uncancel();
    std::string name() const;
    void set_name(std::string name);

    /// Why its waits throw at present; null if they do not, or if no reason was given.
    cancel_reason_ptr reason() const;

    friend bool operator==(const task_ref& a, const task_ref& b) noexcept
    {
        return a.data_ == b.data_;
    }

private:
    friend detail::task_access;
};

/// The task in whose step this is called; empty in plain callbacks and where no loop runs. Mirrors
/// asyncio.current_task, which throws where no loop runs.
std::optional<task_ref> current_task() noexcept;

/// The tasks of the running loop that have not ended, in the order of creation; std::logic_error
/// where no loop runs. Mirrors asyncio.all_tasks.
std::vector<task_ref> all_tasks();
std::vector<task_ref> all_tasks(const asio::any_io_executor& ex);

} // namespace rill::RILL_FORM

#include <rill/impl/task.hpp>

#ifndef RILL_SEPARATE_COMPILATION
#include <rill/impl/task.ipp>
#endif
