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

/// Neither an awaitable, nor something that gives one when it is called as it is.
template <class F, class... Args>
concept called_with = sizeof...(Args) > 0 && !is_awaitable<F> && !coroutine_function<F&> &&
                      !std::convertible_to<F, asio::any_io_executor>;

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

    /// Asks the task to stop: the wait that it is in, and each later one, throws operation_aborted
    /// until it ends or uncancel() takes the request back. What it waits for is cancelled with it,
    /// down a chain of tasks. False if it had ended.
    ///
    /// Whoever awaits the task gets a cancelled_error with the message; the first one counts.
    /// From another thread the request travels through the loop, and the answer is true.
    bool cancel(std::string message = {});

    /// Requests not taken back. Mirrors Task.cancelling.
    unsigned cancelling() const noexcept { return this->data_->requests(); }

    /// Takes one request back and returns how many are left; the last one lifts the cancellation.
    unsigned uncancel() noexcept { return this->data_->take_back_request(); }

    std::string name() const { return this->data_->name(); }

    void set_name(std::string name) { this->data_->set_name(std::move(name)); }

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
/// means. std::logic_error without a running loop; `body` is then destroyed without having run.
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
    requires detail::called_with<F, Args...>
auto create_task(F f, Args... args);

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

/// A task without its result's type: what current_task() and all_tasks() give.
class task_ref {
public:
    explicit task_ref(detail::task_state& state) noexcept;
    template <class T>
    task_ref(const task<T>& t) noexcept;

    bool cancel(std::string message = {});
    unsigned cancelling() const noexcept;
    unsigned uncancel() noexcept;
    bool done() const noexcept;
    bool cancelled() const noexcept;
    std::string name() const;
    void set_name(std::string name);

    /// Why its waits throw at present; null if they do not, or if no reason was given.
    cancel_reason_ptr reason() const noexcept;

    friend bool operator==(const task_ref&, const task_ref&) = default;

private:
    friend detail::task_access;

    detail::state_ref<detail::task_state> state_;
};

/// The task in whose step this is called; empty in plain callbacks and where no loop runs. Mirrors
/// asyncio.current_task, which throws where no loop runs.
std::optional<task_ref> current_task() noexcept;

/// The tasks of the running loop that have not ended, in the order of creation; std::logic_error
/// where no loop runs. Mirrors asyncio.all_tasks.
std::vector<task_ref> all_tasks();
std::vector<task_ref> all_tasks(const asio::any_io_executor& ex);

// Implementation

namespace detail {

/// The coroutine's own reference to its task. Destroyed before end(), the loop has died.
class task_lease {
public:
    explicit task_lease(task_state& task) noexcept
        : task_(&task)
    {
        task.retain();
    }

    ~task_lease();

    task_lease(const task_lease&) = delete;
    task_lease& operator=(const task_lease&) = delete;

    void end(std::exception_ptr error, bool cancelled);

private:
    task_state* task_;
};

/// How a coroutine ended that did not return.
struct failure {
    std::exception_ptr error;
    bool cancelled = false;
    bool fatal = false;
};

/// To be called in a catch clause.
failure current_failure(const task_state& task);

/// The outermost frame of a task.
template <class T>
task_frame run_task(task_data<T>& task, awaitable<T> body)
{
    task_lease lease(task);
    failure failed;
    try {
        awaitable<T> frames = std::move(body); // gone before the end is announced
        if constexpr (std::is_void_v<T>) {
            co_await std::move(frames);
            task.set_value();
        } else {
            task.set_value(co_await std::move(frames));
        }
    } catch (...) {
        failed = current_failure(task);
    }
    if (failed.fatal)
        task.mark_retrieved(); // it leaves the run, where nobody can miss it
    lease.end(failed.error, failed.cancelled);
    if (failed.fatal)
        std::rethrow_exception(failed.error);
}

/// A task that has its control block and does not run yet.
template <class T>
class new_task {
public:
    new_task(loop_core& core, task_options options, std::source_location place)
        : eager_(options.wants_eager().value_or(core.eager_tasks) && current.loop == &core)
        , data_(make(core, std::move(options), place))
    {
        if (core.task_factory)
            call_factory(core);
        if (core.monitor.observed()) [[unlikely]]
            core.monitor.tell(loop_event::task_created, &*data_);
    }

    task_data<T>& data() const noexcept { return *data_; }

    /// Starts the coroutine, or runs its first step where it is to be eager.
    void start(awaitable<T> body) const
    {
        task_data<T>& task = *data_;
        task_frame frame = make_frame(task, std::move(body));
        const step_scope step(task.core(), &task);
        task.start(std::move(frame), eager_);
    }

private:
    void call_factory(loop_core& core)
    {
        try {
            core.task_factory(*data_);
        } catch (...) {
            data_->abandon();
            throw;
        }
    }

    static state_ref<task_data<T>>
    make(loop_core& core, task_options&& options, std::source_location place)
    {
        if (core.dead())
            throw std::logic_error("rill: a task cannot start on a loop that is gone");
        const context_ptr& given = options.context_box();
        context_ptr context = given ? given : copy_of(current_context());
        return state_ref<task_data<T>>(
            *new task_data<T>(core, std::move(options).name(), std::move(context), place)
        );
    }

    static task_frame make_frame(task_data<T>& task, awaitable<T>&& body)
    {
        try {
            return run_task(task, std::move(body));
        } catch (...) { // no memory for the frame
            task.abandon();
            throw;
        }
    }

    bool eager_;
    state_ref<task_data<T>> data_;
};

/// Keeps a callable and its arguments alive as long as the coroutine that it makes.
template <class F, class... Args>
auto call_stored(F f, Args... args)
    -> awaitable<awaited_t<std::invoke_result_t<F&, std::unwrap_reference_t<Args>...>>>
{
    if constexpr (awaited_operation<F>)
        co_return co_await std::move(f);
    else
        co_return co_await std::invoke(f, static_cast<std::unwrap_reference_t<Args>&&>(args)...);
}

bool cancel_from_any_thread(task_state& task, std::string message);

/// What lies behind a handle, for the rest of the library.
struct task_access {
    template <class T>
    static task<T> handle(task_data<T>& data) noexcept
    {
        return task<T>(data);
    }

    template <class T>
    static task_data<T>& data(const task<T>& t) noexcept
    {
        return *t.data_;
    }

    static task_state& data(const task_ref& t) noexcept { return *t.state_; }
};

template <class T>
task_data<T>& data_of(const task<T>& t) noexcept
{
    return task_access::data(t);
}

template <class T>
void check_body(const awaitable<T>& body)
{
    if (!body.valid())
        throw std::logic_error("rill: the awaitable has been awaited or given away already");
}

template <class T>
task<T> start(loop_core& core, awaitable<T> body, task_options options, std::source_location place)
{
    const never_missed<awaitable<T>> refused(body);
    check_body(body);
    core.check_caller();
    new_task<T> created(core, std::move(options), place);
    created.start(std::move(body));
    return task_access::handle(created.data());
}

} // namespace detail

template <class T>
bool task<T>::cancel(std::string message)
{
    return detail::cancel_from_any_thread(*this->data_, std::move(message));
}

template <class T>
context task<T>::get_context() const
{
    detail::context_ptr& box = this->data_->context();
    if (!box)
        box.reset(new detail::context_box);
    return context_access::of(box);
}

template <class T>
task<T> create_task(awaitable<T> body, task_options options, std::source_location place)
{
    return detail::start(detail::loop_core::running(), std::move(body), std::move(options), place);
}

template <coroutine_function F>
auto create_task(F body, task_options options, std::source_location place)
{
    return create_task(detail::call_stored(std::move(body)), std::move(options), place);
}

template <class T>
task<T> create_task(
    const asio::any_io_executor& ex,
    awaitable<T> body,
    task_options options,
    std::source_location place
)
{
    return detail::start(detail::loop_core::of(ex), std::move(body), std::move(options), place);
}

template <coroutine_function F>
auto create_task(
    const asio::any_io_executor& ex, F body, task_options options, std::source_location place
)
{
    return create_task(ex, detail::call_stored(std::move(body)), std::move(options), place);
}

template <class F, class... Args>
    requires detail::called_with<F, Args...>
auto create_task(F f, Args... args)
{
    return create_task(bind_coroutine(std::move(f), std::move(args)...));
}

template <class F, class... Args>
auto bind_coroutine(F f, Args... args)
{
    static_assert(
        std::invocable<F&, std::unwrap_reference_t<Args>...>,
        "the coroutine cannot be called with copies of these arguments: a parameter that is a "
        "non-const reference takes std::ref(object)"
    );
    if constexpr (std::invocable<F&, std::unwrap_reference_t<Args>...>)
        return detail::call_stored(std::move(f), std::move(args)...);
}

inline task_ref::task_ref(detail::task_state& state) noexcept
    : state_(state)
{}

template <class T>
task_ref::task_ref(const task<T>& t) noexcept
    : state_(static_cast<detail::task_state&>(detail::data_of(t)))
{}

inline unsigned task_ref::cancelling() const noexcept
{
    return state_->requests();
}

inline unsigned task_ref::uncancel() noexcept
{
    return state_->take_back_request();
}

inline bool task_ref::done() const noexcept
{
    return state_->done();
}

inline bool task_ref::cancelled() const noexcept
{
    return state_->ended_cancelled();
}

inline std::string task_ref::name() const
{
    return state_->name();
}

inline void task_ref::set_name(std::string name)
{
    state_->set_name(std::move(name));
}

inline cancel_reason_ptr task_ref::reason() const noexcept
{
    return state_->reason();
}

namespace detail {

std::vector<task_ref> tasks_of(loop_core& core);

} // namespace detail

inline std::vector<task_ref> all_tasks()
{
    return detail::tasks_of(detail::loop_core::running());
}

} // namespace rill::RILL_FORM

#ifndef RILL_SEPARATE_COMPILATION
#include <rill/impl/task.ipp>
#endif
