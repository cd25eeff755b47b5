// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/detail/form.hpp>
#include <rill/detail/loop/run_as_task.hpp>
#include <rill/detail/wait/deadline_scope.hpp>
#include <rill/exception_group.hpp>
#include <rill/outcome.hpp>
#include <rill/task.hpp>

#include <concepts>
#include <cstddef>
#include <memory>
#include <source_location>
#include <stdexcept>
#include <string>
#include <vector>

namespace rill::RILL_FORM {

class task_group;
template <class T>
class task_status;

/// Runs `body(task_group&)`, waits for all children, and gives the body's result.
///
/// The first child that fails, or the body failing, cancels the rest; when all have ended, an
/// exception_group is thrown that lists the errors in order of completion, the body's own last. A
/// child that is cancelled is no error. A cancellation of the caller cancels everything, and
/// leaves the group as such once all have ended, unless there are errors; then it is due at the
/// next wait. A fatal_error leaves the group bare, and the other errors are reported. A group
/// without running children ends without a wait.
///
/// A body that cancel() cut short gives a default-constructed result.
template <class Body>
awaitable<detail::body_result_t<Body, task_group>>
with_task_group(Body body, std::source_location where = std::source_location::current());

/// The children of a block of code: it is left when the last of them has ended. Mirrors
/// asyncio.TaskGroup. Made by with_task_group, and valid inside it only.
class task_group {
public:
    /// Starts a child. Children may start more of them, also while the group waits for its end.
    /// std::logic_error once the group is being cancelled or has ended; `body` is then destroyed
    /// without having run.
    template <class T>
    task<T> create_task(
        awaitable<T> body,
        task_options options = {},
        std::source_location place = std::source_location::current()
    );
    template <coroutine_function F>
    auto create_task(
        F body,
        task_options options = {},
        std::source_location place = std::source_location::current()
    );

    template <class F, class... Args>
        requires detail::called_with<F, Args...>
    auto create_task(F f, Args... args);

    /// Starts `body(task_status<T>)` as a child and waits until that says started(value), which is
    /// given back: a server that listens, say. From then on it is a child like others. Mirrors
    /// trio's Nursery.start.
    ///
    /// A child that fails before is no failure of the group: its error is thrown here, unchanged;
    /// one that returns without started() gives a std::logic_error here. Cancelling the wait
    /// cancels the child, and lasts until that has ended.
    template <class T = void, std::invocable<task_status<T>> F>
    awaitable<T> start(
        F body,
        task_options options = {},
        std::source_location place = std::source_location::current()
    );

    /// Before the first child starts: at most `n` run at once, at least 1; the others wait for
    /// their turn, in order, before their first step. Mirrors nothing of asyncio's: a semaphore
    /// around each child is what one writes there.
    void limit(std::size_t n);

    /// A failure no longer cancels the others: all run to their end, and what failed is thrown
    /// then.
    void collect_errors() noexcept { collect_errors_ = true; }

    /// Cancels the body and every child; the group is then left without an error of its own.
    void cancel(std::string message = {});

    /// Children that have not ended.
    std::size_t size() const noexcept { return size_; }

    task_group(const task_group&) = delete;
    task_group& operator=(const task_group&) = delete;

private:
    template <class Body>
    friend awaitable<detail::body_result_t<Body, task_group>>
        with_task_group(Body, std::source_location);
    template <class T>
    friend class task_status;
    template <class T>
    struct start_record;

    class exit_scope;
    class turn;
    class late_failure;

    task_group(detail::task_state& parent, std::source_location where);
    ~task_group();

    template <class T>
    detail::new_task<T> add_child(task_options options, std::source_location place);
    template <class T>
    void start_child(const detail::new_task<T>& child, awaitable<T> body);
    void check_open() const;
    void adopt(detail::task_state& child) noexcept;
    template <class T>
    awaitable<T> in_turn(awaitable<T> body);
    template <class T>
    awaitable<T> take_turn(awaitable<T> body);
    template <class T, class F>
    static awaitable<void> run_starting(std::shared_ptr<start_record<T>> record, F body);

    awaitable<void> join();
    void take_late_failures();
    void cancel_all(cancel_reason_ptr why);
    void body_failed(std::exception_ptr error);
    void fail(std::exception_ptr error);
    void leave() noexcept;
    void throw_what_is_due();
    void rethrow_fatal(const std::exception_ptr& error);

    static void on_child_end(detail::task_state& child, void* group);
    static detail::task_state* waiting_parent(void* group) noexcept;
    void child_ended(detail::task_state& child);

    detail::task_state& parent_;
    std::source_location where_;
    detail::scope scope_; // around the body
    bool left_ = false;
    bool starting_ = false; // inside create_task or start
    bool collect_errors_ = false;
    bool cancelled_itself_ =
        false;                 // a cancellation ended the body, and was not for the group's sake
    bool interrupted_ = false; // cancelled from outside while it waited for children
    std::size_t size_ = 0;
    detail::intrusive_list<detail::task_state, detail::in_group> children_; // those that run
    detail::wait_line<> ended_;                   // the body, once it waits for the last child
    std::vector<std::exception_ptr> errors_;      // in order of completion
    std::vector<std::exception_ptr> late_errors_; // of children that failed inside create_task
    std::unique_ptr<late_failure> late_failure_;
    std::exception_ptr body_error_;
    std::exception_ptr body_cancelled_; // a cancellation ended the body
    std::size_t free_turns_ = SIZE_MAX; // children that may still begin; SIZE_MAX: no limit
    detail::wait_line<> turns_;         // children that wait for one; empty while free_turns_ > 0
};

/// How a child that was begun with task_group::start tells that it is ready. Mirrors trio's
/// task_status. Copies refer to the same start.
template <class T = void>
class task_status {
public:
    /// Ends the wait in start() with `value`, on a later turn. The first call counts;
    /// std::logic_error for a second one.
    template <class... Args>
    void started(Args&&... value);

private:
    friend task_group;

    explicit task_status(std::shared_ptr<task_group::start_record<T>> record)
        : record_(std::move(record))
    {}

    std::shared_ptr<task_group::start_record<T>> record_;
};

// Implementation

/// The child is the group's before its first step, which may cancel the group.
template <class T>
detail::new_task<T> task_group::add_child(task_options options, std::source_location place)
{
    detail::new_task<T> child(*parent_.core(), std::move(options), place);
    adopt(child.data());
    children_.push_back(child.data());
    ++size_;
    return child;
}

/// An eager child may start others in its first step, and may throw a fatal_error.
template <class T>
void task_group::start_child(const detail::new_task<T>& child, awaitable<T> body)
{
    struct start_scope {
        explicit start_scope(bool& s)
            : starting(s)
            , before(std::exchange(s, true))
        {}

        ~start_scope() { starting = before; }

        bool& starting;
        bool before;
    };

    const start_scope scope(starting_);
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
    requires detail::called_with<F, Args...>
auto task_group::create_task(F f, Args... args)
{
    return create_task(bind_coroutine(std::move(f), std::move(args)...));
}

/// What start() and the child that it began know of each other.
template <class T>
struct task_group::start_record {
    explicit start_record(task_group& g)
        : group(g)
    {}

    void begin(detail::task_state& t) noexcept
    {
        static constexpr detail::end_listener listener{&on_end, &waiting_starter};
        child = &t;
        t.on_end = &listener;
        t.on_end_argument = this;
        t.group = group.where_;
    }

    task_group& group;
    detail::task_state* child = nullptr; // null again once it has ended or is the group's
    bool said = false;
    outcome<T> result;
    detail::wait_line<> line; // start()

    static void on_end(detail::task_state& child, void* self)
    {
        static_cast<start_record*>(self)->ended(child);
    }

    static detail::task_state* waiting_starter(void* self) noexcept
    {
        const auto& starter = static_cast<start_record*>(self)->line;
        return starter.empty() ? nullptr : starter.front()->waiting_task();
    }

    /// Before it said started(): its error is start()'s.
    void ended(detail::task_state& t)
    {
        child = nullptr;
        t.mark_retrieved();
        result.set_exception(
            t.error() ? t.error()
                      : std::make_exception_ptr(std::logic_error(
                            "rill::task_group: " + t.description() + " ended without started()"
                        ))
        );
        line.complete_all();
        group.child_ended(t);
    }
};

namespace detail {

/// Waits in a line until somebody completes the waiters.
class line_waiter : public operation {
public:
    line_waiter(
        loop_core& core, wait_line<>& line, const char* what, std::source_location where = {}
    ) noexcept
        : operation(&core, where)
        , line_(&line)
        , what_(what)
    {}

protected:
    void start() { line_->add(*this); }

    void describe_to(std::string& text) const { text = what_; }

private:
    wait_line<>* line_;
    const char* what_;
};

/// The same for the start of a child: a cancel goes on to the child, and the wait lasts until that
/// has ended.
class start_waiter : public line_waiter {
public:
    start_waiter(
        loop_core& core, wait_line<>& line, task_state* const& child, std::source_location where
    ) noexcept
        : line_waiter(core, line, "a child to start", where)
        , child_(&child)
    {}

protected:
    void on_cancel();

private:
    task_state* const* child_;
};

} // namespace detail

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
    auto& record = *record_;
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
    co_return co_await std::move(body);
}

/// A child that fails in its eager first step does not cancel the group inside create_task.
class task_group::late_failure : public detail::ready_node {
public:
    explicit late_failure(task_group& group)
        : ready_node(&on_act)
        , group_(group)
    {
        group_.parent_.core()->make_ready(*this);
    }

    ~late_failure();

private:
    static void on_act(ready_node& node, detail::act what);

    task_group& group_;
};

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
    group.take_late_failures();
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

} // namespace rill::RILL_FORM

#ifndef RILL_SEPARATE_COMPILATION
#include <rill/impl/task_group.ipp>
#endif
