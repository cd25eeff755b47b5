// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/detail/deadline_scope.hpp>
#include <rill/detail/run_as_task.hpp>
#include <rill/exception_group.hpp>
#include <rill/outcome.hpp>
#include <rill/task.hpp>

#include <stdexcept>
#include <vector>

namespace rill {

/// The children of a block of code: it is left when the last of them has ended. Mirrors
/// asyncio.TaskGroup. Made by with_task_group, and valid inside it only.
class task_group {
public:
    /// Starts a child. Children may start more of them, also while the group waits for its end.
    /// std::logic_error once the group is being cancelled or has ended; `body` is then destroyed
    /// without having run.
    template <class T>
    task<T> create_task(awaitable<T> body, std::string name = {});
    template <coroutine_function F>
    auto create_task(F body, std::string name = {});

    /// Cancels the body and every child; the group is then left without an error of its own.
    void cancel();

    task_group(const task_group&) = delete;
    task_group& operator=(const task_group&) = delete;

private:
    template <class Body>
    friend awaitable<detail::body_result_t<Body, task_group>> with_task_group(Body);

    class exit_scope;

    explicit task_group(detail::task_state& parent);
    ~task_group();

    awaitable<void> join();
    void body_failed(std::exception_ptr error);
    void fail(std::exception_ptr error);
    void leave();
    void throw_what_is_due();

    static void on_child_end(detail::task_state& child, void* group);

    detail::task_state& parent_;
    detail::scope scope_; // around the body
    bool left_ = false;
    detail::intrusive_list<detail::task_state, detail::in_group> children_; // those that run
    detail::wait_list<> ended_;              // the body, once it waits for the last child
    std::vector<std::exception_ptr> errors_; // in order of completion
    std::exception_ptr body_error_;
    std::exception_ptr body_cancelled_; // a cancellation ended the body
    bool cancelled_itself_ = false;     // and it was not for the group's sake
    bool interrupted_ = false;          // cancelled from outside while it waited for children
};

/// Runs `body(task_group&)`, waits for all children, and gives the body's result.
///
/// The first child that fails, or the body failing, cancels the rest; when all have ended, an
/// exception_group is thrown that lists the errors in order of completion, the body's own last. A
/// child that is cancelled is no error. A cancellation of the caller cancels everything, and
/// leaves the group as such once all have ended, unless there are errors; then it is due at the
/// next wait. A group without running children ends without a wait.
///
/// A body that cancel() cut short gives a default-constructed result.
template <class Body>
awaitable<detail::body_result_t<Body, task_group>> with_task_group(Body body);

// Implementation

template <class T>
task<T> task_group::create_task(awaitable<T> body, std::string name)
{
    if (left_ || scope_.cancelled)
        throw std::logic_error("rill::task_group: it is shutting down, no task can start in it");
    task<T> child = detail::start(*parent_.core(), std::move(body), std::move(name));
    detail::task_state& state = detail::data_of(child);
    state.on_end = &on_child_end;
    state.on_end_argument = this;
    children_.push_back(state);
    return child;
}

template <coroutine_function F>
auto task_group::create_task(F body, std::string name)
{
    return create_task(detail::call_stored(std::move(body)), std::move(name));
}

inline task_group::task_group(detail::task_state& parent)
    : parent_(parent)
{
    parent_.enter(scope_);
}

inline task_group::~task_group()
{
    // Only a loop that dies destroys the frame of a group with children: they are abandoned too.
    leave();
}

inline void task_group::leave()
{
    if (!std::exchange(left_, true))
        parent_.leave(scope_);
}

inline void task_group::cancel()
{
    if (left_ || scope_.cancelled)
        return;
    parent_.cancel(scope_);
    children_.for_each([](detail::task_state& child) { child.request_cancel(); });
}

inline void task_group::fail(std::exception_ptr error)
{
    errors_.push_back(std::move(error));
    cancel();
}

inline void task_group::body_failed(std::exception_ptr error)
{
    if (is_cancellation(error)) {
        body_cancelled_ = std::move(error);
        cancelled_itself_ = !scope_.cancelled;
    } else {
        body_error_ = std::move(error);
    }
    cancel();
}

/// Errors first; then a cancellation that is not the group's own.
inline void task_group::throw_what_is_due()
{
    if (body_error_)
        errors_.push_back(std::move(body_error_));
    if (!errors_.empty())
        throw exception_group(std::move(errors_));
    const bool outside = (interrupted_ || body_cancelled_) && parent_.cancelled();
    if (!outside && !cancelled_itself_)
        return;
    std::rethrow_exception(body_cancelled_ ? body_cancelled_ : detail::cancelled_error());
}

inline void task_group::on_child_end(detail::task_state& child, void* group)
{
    auto& self = *static_cast<task_group*>(group);
    child.hook<detail::in_group>::unlink();
    if (child.error() && !child.ended_cancelled()) {
        child.mark_retrieved();
        self.fail(child.error());
    }
    if (self.children_.empty())
        self.ended_.complete_all();
}

/// The wait for the children is not cancelled: a cancellation from outside goes on to them.
class task_group::exit_scope : public detail::scope {
public:
    explicit exit_scope(task_group& group)
        : group_(group)
    {
        shield = true;
        on_outer_cancel = [](detail::scope& s) { static_cast<exit_scope&>(s).pass_on(); };
        group_.parent_.enter(*this);
        pass_on();
    }

    ~exit_scope() { group_.parent_.leave(*this); }

private:
    void pass_on()
    {
        if (!group_.parent_.cancelled_outside(group_.scope_))
            return;
        group_.interrupted_ = true;
        group_.cancel();
    }

    task_group& group_;
};

namespace detail {

/// Waits in a line until somebody completes the waiters.
class line_waiter : public operation {
public:
    line_waiter(loop_core& core, wait_list<>& line) noexcept
        : operation(&core)
        , line_(&line)
    {}

protected:
    void start() { line_->add(*this); }

    template <class Signature>
    std::tuple<error_code> results() const
    {
        return {error()};
    }

private:
    wait_list<>* line_;
};

} // namespace detail

inline awaitable<void> task_group::join()
{
    while (!children_.empty()) {
        detail::wait_operation<void(error_code), detail::line_waiter> last_child(
            std::in_place, *parent_.core(), ended_
        );
        co_await std::move(last_child);
    }
}

template <class Body>
awaitable<detail::body_result_t<Body, task_group>> with_task_group(Body body)
{
    using result_type = detail::body_result_t<Body, task_group>;
    auto* parent = detail::running_task(co_await asio::this_coro::cancellation_state);
    if (!parent)
        co_return co_await detail::run_as_task(with_task_group(std::move(body)));

    task_group group(*parent);
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
        co_await group.join();
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

} // namespace rill
