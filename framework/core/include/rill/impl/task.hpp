// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/task.hpp>

namespace rill::RILL_FORM {

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

    /// Throws the task's error where that is to leave the run.
    void end();

private:
    task_state& let_go() noexcept;

    task_state* task_;
};

/// The task will end with the exception that has been caught.
void fail_with_current(task_state& task) noexcept;

/// The outermost frame of a task.
template <class T>
task_frame run_task(task_data<T>& task, awaitable<T> body)
{
    task_lease lease(task);
    try { // the frames of the body are gone before the end is announced
        if constexpr (std::is_void_v<T>) {
            co_await std::move(body);
            task.set_value();
        } else {
            task.set_value(co_await std::move(body));
        }
    } catch (...) {
        fail_with_current(task);
    }
    lease.end();
}

/// A task that has its control block and does not run yet.
template <class T>
class new_task {
public:
    new_task(loop_core& core, task_options&& options, std::source_location place)
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
    void start(awaitable<T>&& body) const
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
    static task_data<T>& data(const task<T>& t)
    {
        return t.data();
    }

    static task_state& data(const task_ref& t) { return t.data(); }
};

template <class T>
task_data<T>& data_of(const task<T>& t)
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
task<T>
start(loop_core& core, awaitable<T>&& body, task_options&& options, std::source_location place)
{
    const never_missed<awaitable<T>> refused(body);
    check_body(body);
    core.check_caller();
    new_task<T> created(core, std::move(options), place);
    created.start(std::move(body));
    return task_access::handle(created.data());
}

#ifdef RILL_SEPARATE_COMPILATION // what every program has is compiled with the library, once
extern template class new_task<void>;
extern template task<void>
start<void>(loop_core&, awaitable<void>&&, task_options&&, std::source_location);
#endif

} // namespace detail

template <class T>
bool task<T>::cancel(std::string message)
{
    return detail::cancel_from_any_thread(this->data(), std::move(message));
}

template <class T>
context task<T>::get_context() const
{
    detail::context_ptr& box = this->data().context();
    if (!box)
        box.reset(new detail::context_box);
    return context_access::of(box);
}

template <class T>
task<T> create_task(awaitable<T> body, task_options options, std::source_location place)
{
    return detail::start(
        detail::loop_core::running_for("create_task"), std::move(body), std::move(options), place
    );
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
    requires(!detail::is_awaitable<F>)
auto create_task(detail::options_here here, F f, Args... args)
{
    return create_task(
        bind_coroutine(std::move(f), std::move(args)...), std::move(here.options), here.place
    );
}

template <detail::called_with_arguments F>
auto create_task(F f, std::source_location place)
{
    return create_task(bind_coroutine(std::move(f)), {}, place);
}

template <detail::called_with_arguments F, class A>
auto create_task(F f, A a, std::source_location place)
{
    return create_task(bind_coroutine(std::move(f), std::move(a)), {}, place);
}

template <detail::called_with_arguments F, class A, class B>
auto create_task(F f, A a, B b, std::source_location place)
{
    return create_task(bind_coroutine(std::move(f), std::move(a), std::move(b)), {}, place);
}

template <detail::called_with_arguments F, class A, class B, class C>
auto create_task(F f, A a, B b, C c, std::source_location place)
{
    return create_task(
        bind_coroutine(std::move(f), std::move(a), std::move(b), std::move(c)), {}, place
    );
}

template <detail::called_with_arguments F, class A, class B, class C, class D, class... Args>
auto create_task(F f, A a, B b, C c, D d, Args... args)
{
    auto body = bind_coroutine(
        std::move(f), std::move(a), std::move(b), std::move(c), std::move(d), std::move(args)...
    );
    return create_task(std::move(body), {}, std::source_location());
}

template <class F, class... Args>
auto bind_coroutine(F f, Args... args)
{
    constexpr bool called = std::invocable<F&, std::unwrap_reference_t<Args>...>;
    constexpr bool coroutine = coroutine_function<F&, std::unwrap_reference_t<Args>...>;
    static_assert(
        called || sizeof...(Args) == 0,
        "the coroutine cannot be called with copies of these arguments: a parameter that is a "
        "non-const reference takes std::ref(object)"
    );
    static_assert(
        coroutine || (!called && sizeof...(Args) > 0),
        "this is no coroutine, which returns rill::awaitable<T>: call a plain function yourself, "
        "or "
        "write loop.call_soon(f), or co_await rill::to_thread(f) where it would block"
    );
    if constexpr (coroutine)
        return detail::call_stored(std::move(f), std::move(args)...);
    else
        return awaitable<void>(); // an error less to be read
}

inline task_ref::task_ref(detail::task_state& state) noexcept
    : outcome_handle(state)
{}

template <class T>
task_ref::task_ref(const task<T>& t)
    : outcome_handle(detail::data_of(t))
{}

inline unsigned task_ref::cancelling() const
{
    return data().requests();
}

inline unsigned task_ref::uncancel()
{
    return data().take_back_request();
}

inline std::string task_ref::name() const
{
    return data().name();
}

inline void task_ref::set_name(std::string name)
{
    data().set_name(std::move(name));
}

inline cancel_reason_ptr task_ref::reason() const
{
    return data().reason();
}

namespace detail {

std::vector<task_ref> tasks_of(loop_core& core);

} // namespace detail

inline std::vector<task_ref> all_tasks()
{
    return detail::tasks_of(detail::loop_core::running());
}

} // namespace rill::RILL_FORM
