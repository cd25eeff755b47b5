// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/detail/deadline_scope.hpp>
#include <rill/detail/run_as_task.hpp>
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

namespace rill {

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

inline void task_group::check_open() const
{
    if (left_ || scope_.cancelled)
        throw std::logic_error("rill::task_group: it is shutting down, no task can start in it");
}

inline void task_group::adopt(detail::task_state& child) noexcept
{
    static constexpr detail::end_listener listener{&on_child_end, &waiting_parent};
    child.on_end = &listener;
    child.on_end_argument = this;
    child.group = where_;
}

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

    template <class Signature>
    std::tuple<error_code> results() const
    {
        return {error()};
    }

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
    void on_cancel()
    {
        if (*child_)
            (*child_)->request_cancel(task_ ? task_->reason() : nullptr);
    }

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

inline void task_group::limit(std::size_t n)
{
    if (n == 0)
        throw std::invalid_argument("rill::task_group: a limit of 0 would let nothing run");
    if (!children_.empty())
        throw std::logic_error("rill::task_group: the limit is set before the first child starts");
    free_turns_ = n;
}

/// One of the places that limit() set.
class task_group::turn {
public:
    turn(task_group& group, const detail::task_state& child) noexcept
        : group_(group)
        , child_(child)
    {}

    ~turn()
    {
        if (!child_.on_end) // the loop dies, and the group may be gone
            return;
        if (auto* next = group_.turns_.front())
            next->complete();
        else
            ++group_.free_turns_;
    }

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

inline void task_group::leave() noexcept
{
    if (!std::exchange(left_, true))
        parent_.leave(scope_);
}

inline void task_group::cancel_all(cancel_reason_ptr why)
{
    if (!scope_.cancelled)
        parent_.cancel(scope_, why);
    // What a cancellation reaches may end tasks on the spot.
    std::vector<detail::state_ref<detail::task_state>> children;
    children_.for_each([&](detail::task_state& child) { children.emplace_back(child); });
    for (const auto& child : children)
        child->request_cancel(why);
}

inline void task_group::cancel(std::string message)
{
    if (left_ || scope_.cancelled)
        return;
    if (message.empty())
        message = "its task group was cancelled";
    cancel_all(detail::make_reason(cancel_origin::request, std::move(message)));
}

inline void task_group::fail(std::exception_ptr error)
{
    errors_.push_back(std::move(error));
    if (!collect_errors_ && !left_ && !scope_.cancelled)
        cancel_all(detail::make_reason(
            cancel_origin::sibling,
            "another member of its task group failed: " + detail::text_of(errors_.back())
        ));
}

inline void task_group::body_failed(std::exception_ptr error)
{
    const bool cancelled = is_cancellation(error);
    if (cancelled) {
        body_cancelled_ = std::move(error);
        cancelled_itself_ = !scope_.cancelled;
    } else {
        body_error_ = std::move(error);
    }
    if (collect_errors_ && !cancelled)
        return;
    if (!scope_.cancelled)
        cancel_all(
            cancelled ? parent_.reason()
                      : detail::make_reason(
                            cancel_origin::sibling,
                            "the body of its task group failed: " + detail::text_of(body_error_)
                        )
        );
}

/// A fatal error hides the others, which are reported for that.
inline void task_group::rethrow_fatal(const std::exception_ptr& fatal)
{
    for (const std::exception_ptr& error : errors_)
        if (error != fatal)
            parent_.core()->report(
                {"an error in a task group that a fatal error ended", error, parent_.name()}
            );
    std::rethrow_exception(fatal);
}

/// Errors first; then a cancellation that is not the group's own.
inline void task_group::throw_what_is_due()
{
    if (body_error_)
        errors_.push_back(std::move(body_error_));
    for (const std::exception_ptr& error : errors_)
        if (detail::is_fatal(error))
            rethrow_fatal(error);
    if (!errors_.empty())
        throw exception_group(std::move(errors_));
    const bool outside = (interrupted_ || body_cancelled_) && parent_.cancelled();
    if (!outside && !cancelled_itself_)
        return;
    std::rethrow_exception(body_cancelled_ ? body_cancelled_ : detail::aborted_error());
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

    ~late_failure()
    {
        if (linked())
            group_.parent_.core()->forget(*this);
    }

private:
    static void on_act(ready_node& node, detail::act what)
    {
        if (what == detail::act::run)
            static_cast<late_failure&>(node).group_.take_late_failures();
    }

    task_group& group_;
};

inline task_group::task_group(detail::task_state& parent, std::source_location where)
    : parent_(parent)
    , where_(where)
{
    parent_.enter(scope_);
}

inline task_group::~task_group()
{
    // Only a loop that dies destroys the frame of a group with children: none may come back to it.
    while (detail::task_state* child = children_.pop_front())
        child->on_end = nullptr;
    leave();
}

inline void task_group::take_late_failures()
{
    late_failure_.reset();
    for (std::exception_ptr& error : std::exchange(late_errors_, {}))
        fail(std::move(error));
}

inline void task_group::on_child_end(detail::task_state& child, void* group)
{
    auto& self = *static_cast<task_group*>(group);
    if (child.error() && !child.ended_cancelled()) {
        child.mark_retrieved();
        if (self.starting_) {
            self.late_errors_.push_back(child.error());
            if (!self.late_failure_)
                self.late_failure_ = std::make_unique<late_failure>(self);
        } else {
            self.fail(child.error());
        }
    }
    self.child_ended(child);
}

inline detail::task_state* task_group::waiting_parent(void* group) noexcept
{
    const auto& ended = static_cast<task_group*>(group)->ended_;
    return ended.empty() ? nullptr : ended.front()->waiting_task();
}

inline void task_group::child_ended(detail::task_state& child)
{
    static_cast<detail::hook<detail::in_group>&>(child).unlink();
    --size_;
    if (children_.empty())
        ended_.complete_all();
}

/// The wait for the children is not cancelled: a cancellation from outside goes on to them.
class task_group::exit_scope : public detail::scope {
public:
    explicit exit_scope(task_group& group)
        : group_(group)
    {
        shield = true;
        on_outer_cancel = [](detail::scope& s, bool again) {
            static_cast<exit_scope&>(s).pass_on(again);
        };
        group_.parent_.enter(*this);
        pass_on(false);
    }

    ~exit_scope() { group_.parent_.leave(*this); }

private:
    /// Whoever asks a second time also means the children's cleanup.
    void pass_on(bool again)
    {
        if (!group_.parent_.cancelled_outside(group_.scope_))
            return;
        group_.interrupted_ = true;
        if (again || !group_.scope_.cancelled)
            group_.cancel_all(group_.parent_.reason_outside(group_.scope_));
    }

    task_group& group_;
};

inline awaitable<void> task_group::join()
{
    while (!children_.empty()) {
        detail::wait_operation<void(error_code), detail::line_waiter> last_child(
            std::in_place, *parent_.core(), ended_, "the children of its task group", where_
        );
        co_await std::move(last_child);
    }
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

} // namespace rill
