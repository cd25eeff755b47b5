// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/awaitable.hpp>
#include <rill/detail/wait_operation.hpp>
#include <rill/error.hpp>
#include <rill/sleep.hpp>

#include <boost/asio/this_coro.hpp>

#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <variant>

namespace rill {

namespace detail {

template <class T>
class task_data;

struct task_access;

} // namespace detail

/// A coroutine that runs by itself, and the handle on it. Mirrors asyncio.Task.
///
/// The loop owns what runs: dropping every handle neither stops nor cancels it. The outcome is
/// kept as long as a handle lives; an exception that nobody looked at by then is reported to the
/// loop's exception handler. Handles are cheap to copy and belong to the loop's thread, except
/// cancel(), which any thread may call while it holds the handle still.
///
/// `co_await task` gives the result or throws the exception unchanged. Cancelling whoever awaits it
/// cancels the task, and the wait lasts until it has ended.
template <class T = void>
class task {
public:
    using value_type = T;

    task() noexcept = default; ///< Refers to no task.

    task(const task& other) noexcept
        : data_(other.data_)
    {
        if (data_)
            data_->retain();
    }

    task(task&& other) noexcept
        : data_(std::exchange(other.data_, nullptr))
    {}

    task& operator=(task other) noexcept
    {
        std::swap(data_, other.data_);
        return *this;
    }

    ~task()
    {
        if (data_)
            data_->release();
    }

    explicit operator bool() const noexcept { return data_ != nullptr; }

    friend bool operator==(const task&, const task&) = default;

    /// Asks the task to stop: the wait that it is in, and each later one, throws operation_aborted
    /// until it ends or uncancel() takes the request back. False if it had ended.
    ///
    /// From another thread the request travels through the loop, and the answer is true.
    bool cancel();

    /// Requests not taken back. Mirrors Task.cancelling.
    unsigned cancelling() const noexcept;

    /// Takes one request back and returns how many are left; the last one lifts the cancellation.
    unsigned uncancel() noexcept;

    bool done() const noexcept;

    /// Whether it has ended by a cancellation, its own or one that it passed on.
    bool cancelled() const noexcept;

    /// The result, or its exception thrown; invalid_state if it has not ended.
    decltype(auto) result() const;

    /// Null if it ended with a value; invalid_state if it has not ended.
    std::exception_ptr exception() const;

    std::string name() const;
    void set_name(std::string name);

    /// Completes with void(error_code) when the task has ended, however that was; look at it then.
    /// Cancellation: total, and the task runs on.
    template <asio::completion_token_for<void(error_code)> Token>
    auto async_wait(Token&& token) const;

    /// Makes `co_await task` an operation of Asio's kind; async_wait is its name for other tokens.
    /// A result that cannot be copied is awaited through std::move, which takes it.
    template <asio::completion_token_for<void()> Token>
    auto operator()(Token&& token) const;

    class awaiter;

private:
    friend detail::task_access;

    explicit task(detail::task_data<T>& data) noexcept
        : data_(&data)
    {
        data.retain();
    }

    const detail::task_data<T>& ended() const;

    detail::task_data<T>* data_ = nullptr;
};

/// Starts `body` as a task of the loop that this thread runs; its first step comes after those
/// that are ready now, and tasks start in the order of their creation. Mirrors asyncio.create_task.
///
/// A callable is stored until its coroutine has ended, so a lambda's captures stay alive.
template <class T>
task<T> create_task(awaitable<T> body, std::string name = {});
template <coroutine_function F>
auto create_task(F body, std::string name = {});

/// The same on the loop of `ex`: for programs that run their io_context themselves.
template <class T>
task<T> create_task(const asio::any_io_executor& ex, awaitable<T> body, std::string name = {});
template <coroutine_function F>
auto create_task(const asio::any_io_executor& ex, F body, std::string name = {});

/// A task without its result's type: what current_task() gives.
class task_ref {
public:
    explicit task_ref(detail::task_state& state) noexcept;
    task_ref(const task_ref& other) noexcept;
    task_ref& operator=(const task_ref&) = delete;
    ~task_ref();

    bool cancel();
    unsigned cancelling() const noexcept;
    unsigned uncancel() noexcept;
    bool done() const noexcept;
    bool cancelled() const noexcept;
    std::string name() const;
    void set_name(std::string name);

    friend bool operator==(const task_ref& a, const task_ref& b) noexcept
    {
        return a.state_ == b.state_;
    }

private:
    detail::task_state* state_;
};

/// The task in whose step this is called; empty in plain callbacks. Mirrors asyncio.current_task.
std::optional<task_ref> current_task() noexcept;

// Implementation

namespace detail {

template <class T>
class task_data final : public task_state {
    using stored = std::conditional_t<std::is_void_v<T>, std::monostate, T>;

public:
    using task_state::task_state;

    template <class... Args>
    void set_value(Args&&... args)
    {
        value_.emplace(std::forward<Args>(args)...);
    }

    decltype(auto) value() const&
    {
        if (error())
            std::rethrow_exception(error());
        if constexpr (!std::is_void_v<T>)
            return static_cast<const T&>(*value_);
    }

    decltype(auto) value() &&
    {
        if (error())
            std::rethrow_exception(error());
        if constexpr (!std::is_void_v<T>)
            return static_cast<T&&>(*value_);
    }

private:
    std::optional<stored> value_;
};

/// The coroutine's own reference to its task. Destroyed before end(), the loop has died.
class task_lease {
public:
    explicit task_lease(task_state& task) noexcept
        : task_(&task)
    {
        task.retain();
    }

    ~task_lease()
    {
        if (!task_)
            return;
        if (task_->core())
            task_->abandon();
        task_->release();
    }

    task_lease(const task_lease&) = delete;
    task_lease& operator=(const task_lease&) = delete;

    void end()
    {
        task_state* task = std::exchange(task_, nullptr);
        current.task = nullptr; // what follows may run code of the user's, and the task is over
        task->end();
        task->release();
    }

private:
    task_state* task_;
};

/// The outermost frame of a task.
template <class T>
task_frame run_task(task_data<T>& task, awaitable<T> body)
{
    task_lease lease(task);
    try {
        co_await yield_operation(task.core());
        awaitable<T> frames = std::move(body); // gone before the end is announced
        if constexpr (std::is_void_v<T>) {
            co_await std::move(frames);
            task.set_value();
        } else {
            task.set_value(co_await std::move(frames));
        }
    } catch (...) {
        task.set_error(std::current_exception());
    }
    lease.end();
}

template <class T>
task_data<T>& start_task(loop_core& core, awaitable<T> body, std::string name)
{
    if (core.dead())
        throw std::logic_error("rill: a task cannot start on a loop that is gone");
    auto* task = new task_data<T>(core, std::move(name));
    const asio::any_io_executor ex =
        loop_task_executor(core.executor(), task->place(), task->generation());
    const step_scope step(&core, task);
    start_coroutine(run_task(*task, std::move(body)), ex, task->slot(), task->cancellation());
    return *task;
}

/// Keeps a callable alive as long as the coroutine that it makes.
template <class F, class... Args>
auto call_stored(F f, Args&... args) -> std::invoke_result_t<F&, Args&...>
{
    co_return co_await f(args...);
}

inline bool cancel_from_any_thread(task_state& task)
{
    if (!task.core() || task.core()->on_home_thread())
        return task.request_cancel();
    asio::post(task.core()->io(), [slot = &task.place(), generation = task.generation()] {
        if (slot->generation == generation && slot->task)
            slot->task->request_cancel();
    });
    return true;
}

/// Waits for a task's end; a cancel ends the wait, and not the task.
class end_waiter : public operation {
public:
    explicit end_waiter(task_state& task) noexcept
        : operation(task.core())
        , awaited_(&task)
    {}

protected:
    void start()
    {
        if (awaited_->done())
            complete();
        else
            awaited_->joiners.add(*this);
    }

    template <class Signature>
    std::tuple<error_code> results() const
    {
        return {error()};
    }

    task_state* awaited_;
};

/// The same as a caller waits for the function that it called: a cancel goes on to the task.
class join_waiter : public end_waiter {
public:
    using end_waiter::end_waiter;

protected:
    void on_cancel() { awaited_->request_cancel(); }

    template <class Signature>
    std::tuple<> results() const
    {
        return {};
    }
};

} // namespace detail

template <class T>
bool task<T>::cancel()
{
    return detail::cancel_from_any_thread(*data_);
}

template <class T>
unsigned task<T>::cancelling() const noexcept
{
    return data_->requests();
}

template <class T>
unsigned task<T>::uncancel() noexcept
{
    return data_->take_back_request();
}

template <class T>
bool task<T>::done() const noexcept
{
    return data_->done();
}

template <class T>
bool task<T>::cancelled() const noexcept
{
    return data_->ended_cancelled();
}

template <class T>
const detail::task_data<T>& task<T>::ended() const
{
    if (!data_ || !data_->done())
        throw invalid_state("rill::task: the task has not ended");
    data_->mark_retrieved();
    return *data_;
}

template <class T>
decltype(auto) task<T>::result() const
{
    return ended().value();
}

template <class T>
std::exception_ptr task<T>::exception() const
{
    return ended().error();
}

template <class T>
std::string task<T>::name() const
{
    return data_->name();
}

template <class T>
void task<T>::set_name(std::string name)
{
    data_->set_name(std::move(name));
}

template <class T>
template <asio::completion_token_for<void(error_code)> Token>
auto task<T>::async_wait(Token&& token) const
{
    detail::wait_operation<void(error_code), detail::end_waiter> op(std::in_place, *data_);
    return std::move(op).initiate(std::forward<Token>(token));
}

template <class T>
template <asio::completion_token_for<void()> Token>
auto task<T>::operator()(Token&& token) const
{
    detail::wait_operation<void(), detail::join_waiter> op(std::in_place, *data_);
    return std::move(op).initiate(std::forward<Token>(token));
}

/// Lives in the frame of the coroutine that awaits the task.
template <class T>
class task<T>::awaiter {
public:
    explicit awaiter(const task& t) noexcept
        : awaiter(t, false)
    {
        static_assert(
            std::is_void_v<T> || std::copy_constructible<T>,
            "a result that cannot be copied is awaited with co_await std::move(task)"
        );
    }

    explicit awaiter(task&& t) noexcept
        : awaiter(t, true)
    {}

    bool ready() const noexcept { return task_.data_->done(); }

    template <class Handler>
    void start(Handler&& handler)
    {
        join_.start_in_place(std::forward<Handler>(handler));
    }

    T get()
    {
        auto& data = *task_.data_;
        if constexpr (std::is_void_v<T> || !std::copy_constructible<T>)
            return std::move(data).value();
        else
            return take_ ? std::move(data).value() : std::as_const(data).value();
    }

private:
    awaiter(const task& t, bool take) noexcept
        : task_(t)
        , join_(std::in_place, *t.data_)
        , take_(take)
    {
        task_.data_->mark_retrieved();
    }

    task task_; // the handle that is awaited may be dropped meanwhile
    detail::wait_operation<void(), detail::join_waiter> join_;
    bool take_;
};

namespace detail {

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
};

template <class T>
task_data<T>& data_of(const task<T>& t) noexcept
{
    return task_access::data(t);
}

template <class T>
task<T> start(loop_core& core, awaitable<T> body, std::string name)
{
    return task_access::handle(start_task(core, std::move(body), std::move(name)));
}

} // namespace detail

template <class T>
task<T> create_task(awaitable<T> body, std::string name)
{
    return detail::start(detail::loop_core::running(), std::move(body), std::move(name));
}

template <coroutine_function F>
auto create_task(F body, std::string name)
{
    return create_task(detail::call_stored(std::move(body)), std::move(name));
}

template <class T>
task<T> create_task(const asio::any_io_executor& ex, awaitable<T> body, std::string name)
{
    return detail::start(detail::loop_core::of(ex), std::move(body), std::move(name));
}

template <coroutine_function F>
auto create_task(const asio::any_io_executor& ex, F body, std::string name)
{
    return create_task(ex, detail::call_stored(std::move(body)), std::move(name));
}

inline task_ref::task_ref(detail::task_state& state) noexcept
    : state_(&state)
{
    state.retain();
}

inline task_ref::task_ref(const task_ref& other) noexcept
    : task_ref(*other.state_)
{}

inline task_ref::~task_ref()
{
    state_->release();
}

inline bool task_ref::cancel()
{
    return detail::cancel_from_any_thread(*state_);
}

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

inline std::optional<task_ref> current_task() noexcept
{
    if (!detail::current.task)
        return std::nullopt;
    return task_ref(*detail::current.task);
}

} // namespace rill
