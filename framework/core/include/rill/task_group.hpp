// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/detail/form.hpp>
#include <rill/detail/wait/deadline_scope.hpp>
#include <rill/exception_group.hpp>
#include <rill/outcome.hpp>
#include <rill/task.hpp>

#include <concepts>
#include <cstddef>
#include <memory>
#include <source_location>
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
/// child's failure is told to the others in a turn of its own, so that all are listed that fail at
/// the same time, as asyncio does it. A child that is cancelled is no error; one that ends with
/// operation_aborted though nobody has told it to stop has failed. A cancellation of the caller
/// cancels everything, and leaves the group as such once all have ended, unless there are errors;
/// then it is due at the next wait. A fatal_error leaves the group bare, and the other errors are
/// reported. A group without running children ends without a wait.
///
/// A body that cancel() cut short gives a default-constructed result.
template <class Body>
awaitable<detail::body_result_t<Body, task_group>>
with_task_group(Body body, std::source_location where = std::source_location::current());

/// The children of a block of code: it is left when the last of them has ended. Mirrors
/// asyncio.TaskGroup. Made by with_task_group, and valid inside it only.
class task_group : private detail::end_listener {
public:
    /// Starts a child, in the forms of rill::create_task. Children may start more of them, also while the group waits for its end.
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
        requires(!detail::is_awaitable<F>)
    auto create_task(detail::options_here options, F f, Args... args);

    template <detail::called_with_arguments F>
    auto create_task(F f, std::source_location place = std::source_location::current());
    template <detail::called_with_arguments F, class A>
    auto create_task(F f, A a, std::source_location place = std::source_location::current());
    template <detail::called_with_arguments F, class A, class B>
    auto create_task(F f, A a, B b, std::source_location place = std::source_location::current());
    template <detail::called_with_arguments F, class A, class B, class C>
    auto
    create_task(F f, A a, B b, C c, std::source_location place = std::source_location::current());
    template <detail::called_with_arguments F, class A, class B, class C, class D, class... Args>
    auto create_task(F f, A a, B b, C c, D d, Args... args);

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

    /// What the others learn of a failure, in a turn of its own: those that were ready when it
    /// happened have theirs first, and may fail as well.
    class abort_turn : public detail::ready_node {
    public:
        explicit abort_turn(task_group& group) noexcept;
        ~abort_turn();

        void request() noexcept;

    private:
        static void on_act(ready_node& node, detail::act what);

        task_group& group_;
    };

    task_group(detail::task_state& parent, std::source_location where);
    ~task_group();

    template <class T>
    detail::new_task<T> add_child(task_options&& options, std::source_location place);
    template <class T>
    void start_child(const detail::new_task<T>& child, awaitable<T>&& body);
    void check_open() const;
    void adopt(detail::task_state& child) noexcept;
    template <class T>
    awaitable<T> in_turn(awaitable<T> body);
    template <class T>
    awaitable<T> take_turn(awaitable<T> body);
    template <class T, class F>
    static awaitable<void> run_starting(std::shared_ptr<start_record<T>> record, F body);

    auto children_end() noexcept;
    void cancel_all(cancel_reason_ptr why) noexcept;
    void body_failed(std::exception_ptr error) noexcept;
    void fail(detail::task_state& child) noexcept;
    template <class F>
    void for_each_error(F f) const;
    static cancel_reason_ptr failure_of(const char* whose, std::exception_ptr error) noexcept;
    void abort() noexcept;
    void leave() noexcept;
    void throw_what_is_due();
    void throw_errors();
    exception_group all_errors() const;
    void report_errors(const std::exception_ptr& instead, const char* why) noexcept;

    void ended(detail::task_state& child) noexcept override;
    detail::task_state* waiting_task() const noexcept override;
    void child_ended() noexcept;

    detail::task_state& parent_;
    std::source_location where_;
    detail::scope scope_; // around the body
    bool left_ = false;
    bool collect_errors_ = false;
    bool cancelled_itself_ =
        false;                 // a cancellation ended the body, and was not for the group's sake
    bool interrupted_ = false; // cancelled from outside while it waited for children
    std::size_t size_ = 0;
    detail::intrusive_list<detail::task_state, detail::in_group> children_; // those that run
    detail::wait_line<> ended_; // the body, once it waits for the last child
    detail::intrusive_list<detail::task_state, detail::in_group>
        failed_; // in the order of their ends; held
    abort_turn abort_turn_{*this};
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

} // namespace rill::RILL_FORM

#include <rill/impl/task_group.hpp>

#ifndef RILL_SEPARATE_COMPILATION
#include <rill/impl/task_group.ipp>
#endif
