// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/detail/loop_core.hpp>
#include <rill/detail/operation.hpp>

#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/cancellation_state.hpp>

#include <exception>
#include <memory>
#include <string>

namespace rill::detail {

struct in_group; // tag: a place among the children of a task group

/// A region of a task that can be cancelled by itself, or is protected from those around it.
///
/// Scopes nest as the calls do: each lives in the frame that entered it, and is the top of its
/// task's stack while anything inside it runs.
class scope {
public:
    scope() = default;
    scope(const scope&) = delete;
    scope& operator=(const scope&) = delete;

    bool cancelled = false; // everything in here is to stop
    bool shield = false;    // a cancellation from outside does not come in
    scope* outer = nullptr;

    /// Of a shield: told when something outside it is cancelled.
    void (*on_outer_cancel)(scope&) = nullptr;
};

/// The control block of a task: what DESIGN calls task_state.
///
/// Reference counted without atomics, since a loop is one thread: handles hold a reference, and so
/// does the coroutine until it has ended. The loop's list of tasks does not.
class task_state : public hook<in_tasks>, public hook<in_group> {
public:
    task_state(loop_core& core, std::string name)
        : core_(&core)
        , number_(core.next_task_number())
        , name_(name.empty() ? nullptr : std::make_unique<std::string>(std::move(name)))
        , slot_(&core.take_slot(*this))
        , generation_(slot_->generation)
        , top_(&root_)
    {
        core.tasks().push_back(*this);
    }

    // Ownership

    void retain() noexcept { ++references_; }

    void release() noexcept
    {
        if (--references_ == 0)
            delete this;
    }

    // Identity

    /// Null once the loop is gone.
    loop_core* core() const noexcept { return core_; }

    task_slot& place() const noexcept { return *slot_; }

    std::uint32_t generation() const noexcept { return generation_; }

    std::string name() const { return name_ ? *name_ : "Task-" + std::to_string(number_); }

    void set_name(std::string name) { name_ = std::make_unique<std::string>(std::move(name)); }

    // Cancellation

    asio::cancellation_slot slot() noexcept { return signal_.slot(); }

    /// Shared with the coroutine, which lets every type of cancellation through.
    asio::cancellation_state cancellation() const noexcept { return cancellation_; }

    /// Whether `slot` is that of this task's own coroutine, and not of another one that runs
    /// during its steps.
    bool is_coroutine(asio::cancellation_slot slot) const noexcept
    {
        return slot == cancellation_.slot();
    }

    scope* top() const noexcept { return top_; }

    void enter(scope& s) noexcept
    {
        s.outer = std::exchange(top_, &s);
        if (s.shield)
            refresh();
    }

    /// Leaves the innermost scope: from here on, what counts are the scopes around it.
    void leave(scope& s) noexcept
    {
        assert(top_ == &s && "scopes are left in the reverse order of entering");
        top_ = s.outer;
        if (s.cancelled || s.shield)
            refresh();
    }

    void cancel(scope& s)
    {
        if (s.cancelled)
            return;
        s.cancelled = true;
        deliver();
    }

    /// Takes a scope's cancellation back, before it is left.
    void uncancel(scope& s) noexcept
    {
        s.cancelled = false;
        refresh();
    }

    /// Whether a wait throws now: the coroutine's own state, which agrees with cancelled().
    bool told_to_stop() const noexcept
    {
        return cancellation_.cancelled() != asio::cancellation_type::none;
    }

    /// Whether a scope around what runs now is cancelled.
    bool cancelled() const noexcept { return cancelled_from(top_); }

    /// Whether a wait would throw outside `s`.
    bool cancelled_outside(const scope& s) const noexcept { return cancelled_from(s.outer); }

    bool request_cancel()
    {
        if (done_)
            return false;
        ++requests_;
        cancel(root_);
        return true;
    }

    unsigned requests() const noexcept { return requests_; }

    unsigned take_back_request() noexcept
    {
        if (!done_ && requests_ > 0 && --requests_ == 0)
            uncancel(root_);
        return requests_;
    }

    // Waiting

    /// The operation that the coroutine waits for; null while it runs, or waits for Asio's.
    operation* waiting = nullptr;

    // The end

    bool done() const noexcept { return done_; }

    bool ended_cancelled() const noexcept { return ended_cancelled_; }

    const std::exception_ptr& error() const noexcept { return error_; }

    /// The outcome has been looked at, so nothing is reported when the last reference goes.
    void mark_retrieved() noexcept { retrieved_ = true; }

    void set_error(std::exception_ptr error) noexcept { error_ = std::move(error); }

    /// Ops that wait for the end, and the group's hook.
    wait_list<> joiners;
    void (*on_end)(task_state&, void*) = nullptr;
    void* on_end_argument = nullptr;

    /// The coroutine has ended and its frames are gone. Wake-ups are posted, as everywhere.
    void end() noexcept
    {
        assert(!done_);
        done_ = true;
        ended_cancelled_ = is_cancellation(error_);
        hook<in_tasks>::unlink();
        core_->give_back(*slot_);
        joiners.complete_all();
        if (on_end)
            on_end(*this, on_end_argument);
    }

    /// The loop dies with the task unfinished: its frames are destroyed without running.
    void abandon() noexcept
    {
        core_ = nullptr;
        slot_->task = nullptr;
        ++slot_->generation;
        hook<in_tasks>::unlink();
        hook<in_group>::unlink();
    }

protected:
    virtual ~task_state()
    {
        if (!error_ || retrieved_ || ended_cancelled_ || !core_)
            return;
        core_->report({"task exception was never retrieved", error_, name()});
    }

private:
    static bool cancelled_from(const scope* s) noexcept
    {
        for (; s; s = s->outer) {
            if (s->cancelled)
                return true;
            if (s->shield)
                return false;
        }
        return false;
    }

    /// A scope has been cancelled: the coroutine is told, if no shield is in between.
    void deliver()
    {
        for (scope* s = top_; s; s = s->outer) {
            if (s->cancelled) {
                emit();
                return;
            }
            if (s->shield) {
                if (s->on_outer_cancel && cancelled_from(s->outer))
                    s->on_outer_cancel(*s);
                return;
            }
        }
    }

    /// Asio's cancellation state is sticky; makes it agree with the scopes again.
    void refresh() noexcept
    {
        if (!core_) // the loop is gone and the frames are being destroyed: nothing is to be told
            return;
        cancellation_.clear();
        if (cancelled())
            emit();
    }

    void emit() noexcept
    {
        signal_.emit(asio::cancellation_type::all);
        if (waiting)
            waiting->cancel();
    }

    loop_core* core_;
    std::uint64_t number_;
    std::unique_ptr<std::string> name_; // null: named after its number
    task_slot* slot_;
    std::uint32_t generation_;
    unsigned references_ = 0;
    unsigned requests_ = 0; // cancel() less uncancel()
    bool done_ = false;
    bool ended_cancelled_ = false;
    bool retrieved_ = false;

    asio::cancellation_signal signal_;
    asio::cancellation_state cancellation_{signal_.slot(), asio::enable_total_cancellation()};
    scope root_; // the task as a whole
    scope* top_;

    std::exception_ptr error_;
};

/// The task in whose step this thread is, if it is the coroutine with `state` itself.
inline task_state* running_task(const asio::cancellation_state& state) noexcept
{
    task_state* task = current.task;
    return task && task->is_coroutine(state.slot()) ? task : nullptr;
}

inline void loop_core::shutdown() noexcept
{
    dead_ = true;
    wakeup_.cancel();
    timers_.clear();
    // Dropping one may run destructors of the user's that make others ready or pending.
    for (;;) {
        ready_node* node = ready_.pop_front();
        if (!node)
            node = pending_.pop_front();
        if (!node)
            break;
        node->ready_ = true;
        node->action_(*node, act::drop);
    }
    while (task_state* task = tasks_.front())
        task->abandon();
    work_.reset();
}

} // namespace rill::detail
