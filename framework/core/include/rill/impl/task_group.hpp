// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/detail/loop/referent.hpp>
#include <rill/detail/loop/run_as_task.hpp>
#include <rill/detail/wait/group_start.hpp>
#include <rill/task_group.hpp>

#include <stdexcept>
#include <utility>

namespace rill::RILL_FORM {

/// The child is the group's before its first step, which may cancel the group.
template <class T>
detail::new_task<T> task_group::add_child(task_options&& options, std::source_location place)
{
    detail::new_task<T> child(*parent_.core(), std::move(options), place);
    adopt(child.data());
    children_.push_back(child.data());
    ++size_;
    return child;
}

/// An eager child may start others in its first step, and may throw a fatal_error.
template <class T>
void task_group::start_child(const detail::new_task<T>& child, awaitable<T>&& body)
{
    try {
        child.start(std::move(body));
    } catch (...) {
        if (!child.data().core()) // there was no memory for its frame
            --size_;
        throw;
    }
}

template <class T>
awaitable<T> task_group::in_turn(awaitable<T> body)
{
    return free_turns_ == SIZE_MAX ? std::move(body) : take_turn(std::move(body));
}

template <class T>
task<T> task_group::create_task(awaitable<T> body, task_options options, std::source_location place)
{
    const detail::never_missed<awaitable<T>> refused(body);
    detail::check_body(body);
    check_open();
    awaitable<T> frames = in_turn(std::move(body));
    auto child = add_child<T>(std::move(options), place);
    start_child(child, std::move(frames));
    return detail::task_access::handle(child.data());
}

template <coroutine_function F>
auto task_group::create_task(F body, task_options options, std::source_location place)
{
    return create_task(detail::call_stored(std::move(body)), std::move(options), place);
}

template <class F, class... Args>
    requires(!detail::is_awaitable<F>)
auto task_group::create_task(detail::options_here here, F f, Args... args)
{
    return create_task(
        bind_coroutine(std::move(f), std::move(args)...), std::move(here.options), here.place
    );
}

template <detail::called_with_arguments F>
auto task_group::create_task(F f, std::source_location place)
{
    return create_task(bind_coroutine(std::move(f)), {}, place);
}

template <detail::called_with_arguments F, class A>
auto task_group::create_task(F f, A a, std::source_location place)
{
    return create_task(bind_coroutine(std::move(f), std::move(a)), {}, place);
}

template <detail::called_with_arguments F, class A, class B>
auto task_group::create_task(F f, A a, B b, std::source_location place)
{
    return create_task(bind_coroutine(std::move(f), std::move(a), std::move(b)), {}, place);
}

template <detail::called_with_arguments F, class A, class B, class C>
auto task_group::create_task(F f, A a, B b, C c, std::source_location place)
{
    return create_task(
        bind_coroutine(std::move(f), std::move(a), std::move(b), std::move(c)), {}, place
    );
}

template <detail::called_with_arguments F, class A, class B, class C, class D, class... Args>
auto task_group::create_task(F f, A a, B b, C c, D d, Args... args)
{
    auto body = bind_coroutine(
        std::move(f), std::move(a), std::move(b), std::move(c), std::move(d), std::move(args)...
    );
    return create_task(std::move(body), {}, std::source_location());
}

template <class T, std::invocable<task_status<T>> F>
awaitable<T> task_group::start(F body, task_options options, std::source_location place)
{
    check_open();
    const auto record = std::make_shared<start_record<T>>(*this);
    awaitable<void> frames = in_turn(run_starting(record, std::move(body)));
    auto child = add_child<void>(std::move(options), place);
    record->begin(child.data());
    start_child(child, std::move(frames));
    if (record->child && !record->said) {
        detail::wait_operation<void(error_code), detail::start_waiter> said(
            std::in_place, *parent_.core(), record->line, record->child, place
        );
        try {
            co_await std::move(said);
        } catch (...) { // cancelled in the child's eager step, so that the wait did not even begin
            detail::task_state& unstarted = *std::exchange(record->child, nullptr);
            adopt(unstarted);
            unstarted.request_cancel(
                detail::current.task ? detail::current.task->reason() : nullptr
            );
            throw;
        }
    }
    co_return std::move(record->result).get();
}

template <class T, class F>
awaitable<void> task_group::run_starting(std::shared_ptr<start_record<T>> record, F body)
{
    co_await body(task_status<T>(std::move(record)));
}

template <class T>
template <class... Args>
void task_status<T>::started(Args&&... value)
{
    auto& record = *detail::referent(record_, "this task_status");
    if (std::exchange(record.said, true))
        throw std::logic_error("rill::task_status: started() was called before");
    record.result.set_value(std::forward<Args>(value)...);
    if (record.child)
        record.group.adopt(*std::exchange(record.child, nullptr));
    record.line.complete_all();
}

/// One of the places that limit() set.
class task_group::turn {
public:
    turn(task_group& group, const detail::task_state& child) noexcept
        : group_(group)
        , child_(child)
    {}

    ~turn();

    turn(const turn&) = delete;
    turn& operator=(const turn&) = delete;

private:
    task_group& group_;
    const detail::task_state& child_;
};

template <class T>
awaitable<T> task_group::take_turn(awaitable<T> body)
{
    if (free_turns_ > 0) {
        --free_turns_;
    } else {
        detail::wait_operation<void(error_code), detail::line_waiter> free(
            std::in_place, *parent_.core(), turns_, "its turn in a task group with a limit"
        );
        co_await std::move(free);
    }
    const turn mine(*this, *detail::current.task);
    while (abort_turn_.linked()) // whoever had the place before has failed: it does not begin
        co_await yield();
    co_return co_await std::move(body);
}

#ifdef RILL_SEPARATE_COMPILATION // compiled with the library
extern template awaitable<void> task_group::take_turn<void>(awaitable<void>);
extern template task<void>
    task_group::create_task<void>(awaitable<void>, task_options, std::source_location);
#endif

inline task_group::task_group(detail::task_state& parent, std::source_location where)
    : parent_(parent)
    , where_(where)
{
    parent_.enter(scope_);
}

/// The wait for the children is not cancelled: a cancellation from outside goes on to them.
class task_group::exit_scope : public detail::scope {
public:
    explicit exit_scope(task_group& group);

    ~exit_scope() { group_.parent_.leave(*this); }

private:
    /// Whoever asks a second time also means the children's cleanup.
    void pass_on(bool again);

    task_group& group_;
};

/// No coroutine: a group is not to be left with children that run because there is no memory for the
/// frame of one.
inline auto task_group::children_end() noexcept
{
    return detail::wait_operation<void(error_code), detail::line_waiter>(
        std::in_place, *parent_.core(), ended_, "the children of its task group", where_
    );
}

template <class Body>
awaitable<detail::body_result_t<Body, task_group>>
with_task_group(Body body, std::source_location where)
{
    using result_type = detail::body_result_t<Body, task_group>;
    auto* parent = detail::running_task(co_await asio::this_coro::cancellation_state);
    if (!parent)
        co_return co_await detail::run_as_task(with_task_group(std::move(body), where));

    task_group group(*parent, where);
    outcome<result_type> result;
    try {
        if constexpr (std::is_void_v<result_type>) {
            co_await detail::start_body(body, group);
            result.set_value();
        } else {
            result.set_value(co_await detail::start_body(body, group));
        }
    } catch (...) {
        group.body_failed(std::current_exception());
    }
    if (!group.children_.empty()) {
        task_group::exit_scope waiting(group);
        while (!group.children_.empty())
            co_await group.children_end();
    }
    group.leave();
    group.throw_what_is_due();
    if constexpr (!std::is_void_v<result_type>) {
        if (!result.has_value()) {
            if constexpr (std::default_initializable<result_type>)
                co_return result_type{};
            else
                std::rethrow_exception(group.body_cancelled_);
        }
        co_return std::move(result).get();
    }
}

} // namespace rill::RILL_FORM
