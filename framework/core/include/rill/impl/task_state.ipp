// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/detail/task_state.hpp>
#include <rill/detail/asio_coroutine.hpp>
#include <rill/detail/completion_state.hpp>
#include <rill/detail/describe.hpp>
#include <rill/detail/held_object.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/cancellation_state.hpp>
#include <exception>
#include <memory>
#include <source_location>
#include <string>
#include <unordered_set>
#include <vector>

namespace rill::RILL_FORM::detail {

RILL_DECL std::string trace_of(const loop_core* core, const void* object)
{
    return core && core->debug ? core->debug->trace_of(object) : std::string();
}

RILL_DECL void forget_trace(const loop_core* core, const void* object) noexcept
{
    if (core && core->debug) [[unlikely]]
        core->debug->gone(object);
}

RILL_DECL task_state::task_state(loop_core& core, std::string name, context_ptr context, std::source_location place)
        : completion_state(core)
        , ready_node(&on_first_turn)
        , number_(core.next_task_number())
        , name_(name.empty() ? nullptr : std::make_unique<std::string>(std::move(name)))
        , context_(std::move(context))
        , created_(place)
        , slot_(&core.take_slot(*this))
        , generation_(slot_->generation)
        , top_(&root_)
    {
        core.tasks().push_back(*this);
        if (task_state* creator = current.task; creator && creator->core() == &core) {
            parent_slot_ = &creator->place();
            parent_generation_ = creator->generation();
        }
        if (core.debug) [[unlikely]]
            core.debug->created(this);
    }

RILL_DECL std::string task_state::name() const { return name_ ? *name_ : "Task-" + std::to_string(number_); }

RILL_DECL void task_state::set_name(std::string name) { name_ = std::make_unique<std::string>(std::move(name)); }

RILL_DECL void task_state::cancel(scope& s, cancel_reason_ptr why)
    {
        if (s.cancelled)
            return;
        const bool told_before = cancelled();
        s.cancelled = true;
        s.why = std::move(why);
        if (!told_before)
            core()->deliver(*this, false);
    }

RILL_DECL void task_state::uncancel(scope& s) noexcept
    {
        s.cancelled = false;
        s.why.reset();
        refresh();
    }

RILL_DECL cancel_reason_ptr task_state::reason() const noexcept
    {
        const scope* s = cancelled_scope(top_);
        return s ? s->why : nullptr;
    }

RILL_DECL cancel_reason_ptr task_state::reason_outside(const scope& s) const noexcept
    {
        const scope* cancelled = cancelled_scope(s.outer);
        return cancelled ? cancelled->why : nullptr;
    }

RILL_DECL bool task_state::request_cancel(cancel_reason_ptr why)
    {
        if (!done())
            return request_cancel_running(std::move(why));
        mark_retrieved(); // whoever tells it to stop does not wait for its error
        return false;
    }

RILL_DECL unsigned task_state::take_back_request() noexcept
    {
        if (!done() && requests_ > 0 && --requests_ == 0)
            uncancel(root_);
        return requests_;
    }

RILL_DECL bool task_state::told_in_this_round() const noexcept
    {
        return core() && round_ == core()->round();
    }

RILL_DECL void task_state::deliver(bool again) noexcept
    {
        round_ = core()->round();
        for (scope* s = top_; s; s = s->outer) {
            if (s->cancelled) {
                note_interruption();
                emit();
                return;
            }
            if (s->shield) {
                if (s->on_outer_cancel && cancelled_scope(s->outer))
                    s->on_outer_cancel(*s, again);
                return;
            }
        }
    }

RILL_DECL std::string task_state::interruption() const
    {
        return interrupted_ ? "while it waited for " + *interrupted_ : std::string("while it ran");
    }

RILL_DECL void task_state::start(task_frame frame, bool eager)
    {
        frame_ = std::move(frame);
        task_ = this;
        retain(); // until the coroutine runs, and holds the task itself
        if (eager)
            first_step();
        else
            core()->make_ready(*this);
    }

RILL_DECL const task_state* task_state::parent() const noexcept
    {
        return parent_slot_ && parent_slot_->generation == parent_generation_ ? parent_slot_->task
                                                                              : nullptr;
    }

RILL_DECL void task_state::end(std::exception_ptr error, bool cancelled) noexcept
    {
        if (core()->observed()) [[unlikely]]
            core()->tell(loop_event::task_ended, this);
        core()->note_end(*this);
        hook<in_tasks>::unlink();
        core()->ended_tasks().push_back(*this);
        core()->give_back(*slot_);
        finish(std::move(error), cancelled);
        if (on_end)
            on_end->ended(*this, on_end_argument);
    }

RILL_DECL std::exception_ptr task_state::explained(std::exception_ptr error) const noexcept
    {
        if (!root_.cancelled)
            return error;
        try {
            return std::make_exception_ptr(
                cancelled_error(root_.why, description() + " " + interruption())
            );
        } catch (...) {
            return error;
        }
    }

RILL_DECL void task_state::report_unretrieved() noexcept
    {
        if (!unretrieved())
            return;
        loop_core::report_to(
            core(),
            {"task exception was never retrieved",
             error(),
             name(),
             text_of(created_),
             {},
             {},
             trace_of(core(), this)}
        );
        mark_retrieved();
    }

RILL_DECL void task_state::abandon() noexcept
    {
        on_end = nullptr;
        hook<in_tasks>::unlink();
        hook<in_group>::unlink();
        core()->give_back(*slot_);
        forget_trace(core(), this);
        lose_loop();
    }

RILL_DECL task_state::~task_state()
    {
        hook<in_tasks>::unlink();
        while (coroutines.innermost)
            coroutines.innermost->leave();
        report_unretrieved();
        forget_trace(core(), this);
    }

RILL_DECL void task_state::on_first_turn(ready_node& node, act what)
    {
        auto& self = static_cast<task_state&>(node);
        if (what == act::run)
            self.first_step();
        else if (what == act::drop)
            self.never_start();
    }

RILL_DECL void task_state::drop_frame() noexcept
    {
        const unwatched quietly;
        const task_frame dropped = std::move(frame_); // Asio's assignment would leak it
    }

RILL_DECL bool task_state::cancelled_anywhere() const noexcept
    {
        for (const scope* s = top_; s; s = s->outer)
            if (s->cancelled)
                return true;
        return false;
    }

RILL_DECL bool task_state::request_cancel_running(cancel_reason_ptr why)
    {
        if (!core())
            return false;
        ++requests_;
        const bool again = std::exchange(root_.cancelled, true);
        if (!again)
            root_.why = std::move(why);
        core()->deliver(*this, again);
        return true;
    }

RILL_DECL void task_state::refresh() noexcept
    {
        if (!core()) // the loop is gone and the frames are being destroyed: nothing is to be told
            return;
        cancellation_.clear();
        if (cancelled())
            emit();
        else if (!cancelled_anywhere())
            interrupted_.reset();
    }

RILL_DECL void task_state::emit() noexcept
    {
        signal_.emit(asio::cancellation_type::all);
        if (waiting)
            waiting->cancel();
    }

RILL_DECL void task_state::note_interruption() noexcept
    {
        if (interrupted_ || current.task == this)
            return;
        try {
            interrupted_ = std::make_unique<std::string>(
                waiting          ? waiting->describe()
                : frame_.valid() ? "its first step"
                                 : "an operation of Asio's"
            );
        } catch (...) { // short of memory, the cancellation goes without its story
        }
    }

RILL_DECL void task_state::leave_out_of_order(scope& s) noexcept
    {
        for (scope* inner = top_; inner; inner = inner->outer) {
            if (inner->outer != &s)
                continue;
            inner->outer = s.outer;
            break;
        }
        if (core())
            core()->report(
                {"a scope was left before the scopes inside it: scopes are left in the reverse "
                 "order of entering, in the coroutine that entered them",
                 nullptr,
                 name()}
            );
    }

RILL_DECL bool awaits(const completion_state& who, const task_state& task)
{
    std::unordered_set<const task_state*> seen{&task};
    std::vector<const task_state*> open{&task};
    while (!open.empty()) {
        const task_state* const next = open.back();
        open.pop_back();
        if (static_cast<const completion_state*>(next) == &who)
            return true;
        for_each_awaiter(*next, [&](const task_state& waiter) {
            if (seen.insert(&waiter).second)
                open.push_back(&waiter);
        });
    }
    return false;
}

RILL_DECL std::source_location place_in(const task_state* task) noexcept
{
    for (const coroutine_place* c = task ? task->coroutines.innermost : nullptr; c; c = c->outer())
        if (!is_of_library(c->where()))
            return c->where();
    return {};
}

/// It began where the one before it ended. Its coroutines may be gone when it turns out to be slow,
/// but hardly ever it does: what is noted is only read then.
RILL_DECL void loop_core::begin_timed_step(task_state* task) noexcept
{
    step_task_.clear();
    step_places_.clear();
    if (!task)
        last_step_ = nullptr;
    for (const coroutine_place* c = task ? task->coroutines.innermost : nullptr; c; c = c->outer())
        if (!step_places_.add(c->where()))
            break;
}

RILL_DECL void loop_core::end_watched_step() noexcept
{
    tell(loop_event::step_ends, nullptr);
    if (!times_steps_)
        return;
    const time_point time = now();
    const duration took = time - std::exchange(step_began_, time);
    if (meter.notable(took))
        note_slow(took, 1);
}

/// The step that is timed may be the last one of its task.
RILL_DECL void loop_core::note_end(const task_state& task) noexcept
{
    if (!times_steps_ || last_step_ != &task.place())
        return;
    try {
        step_task_ = task.name();
    } catch (...) { // no memory: it goes without
    }
}

/// Whose the last step was; empty for nobody's.
RILL_DECL std::string loop_core::name_of_last_step() const
{
    if (!last_step_)
        return {};
    if (last_step_->generation == last_step_generation_)
        return last_step_->task->name();
    return step_task_.empty() ? "a task that has ended" : step_task_;
}

RILL_DECL std::string loop_core::trace_of_step() const
{
    return debug && stepping_ ? debug->trace_of(stepping_) : std::string();
}

RILL_DECL void loop_core::note_slow(duration took, std::uint64_t steps) noexcept
{
    try {
        slow_step step{took, name_of_last_step(), {}, now() - took, steps};
        if (times_steps_)
            step.where = step_places_.innermost_of_program();
        meter.add(std::move(step));
    } catch (...) { // no memory: it goes unrecorded
    }
}

RILL_DECL context_ptr& current_context() noexcept
{
    if (current.task)
        return current.task->context();
    if (current.callback_context)
        return *current.callback_context;
    thread_local context_ptr of_thread;
    return of_thread;
}

RILL_DECL future_state::future_state(loop_core& core, std::source_location place)
        : completion_state(core)
        , created_(place)
    {
        core.futures().push_back(*this);
        if (core.debug) [[unlikely]]
            core.debug->created(this);
    }

RILL_DECL bool future_state::request_cancel(cancel_reason_ptr why)
    {
        if (done()) {
            mark_retrieved();
            return false;
        }
        end(std::make_exception_ptr(cancelled_error(std::move(why))), true);
        return true;
    }

RILL_DECL void future_state::abandon() noexcept
    {
        forget_trace(core(), this);
        lose_loop();
        hook<in_futures>::unlink();
    }

RILL_DECL future_state::~future_state()
    {
        hook<in_futures>::unlink();
        if (unretrieved())
            loop_core::report_to(
                core(),
                {"the exception of a future was never retrieved",
                 error(),
                 {},
                 text_of(created_),
                 {},
                 {},
                 trace_of(core(), this)}
            );
        forget_trace(core(), this);
    }

RILL_DECL void loop_core::deliver(task_state& task, bool again)
{
    task.retain();
    deliveries_.push_back({&task, again});
    if (delivering_)
        return;
    delivering_ = true;
    ++round_;
    while (!deliveries_.empty()) {
        const delivery next = deliveries_.front();
        deliveries_.pop_front();
        // One that comes by again has gone in a circle, or two ways: that is no insisting.
        if (!next.task->done() && !(next.again && next.task->told_in_this_round()))
            next.task->deliver(next.again);
        next.task->release();
    }
    delivering_ = false;
}

RILL_DECL void loop_core::drop(ready_node& node) noexcept
{
    node.unlink();
    node.ready_ = true;
    node.action_(node, act::drop);
}

/// The youngest first: those that a task has started may refer to what is in its frame. (Those that
/// wait for something of Asio's are destroyed by that, later.)
RILL_DECL void loop_core::drop_tasks() noexcept
{
    intrusive_list<task_state, in_tasks> seen;
    while (task_state* task = tasks_.pop_back()) {
        seen.push_front(*task);
        if (debug) [[unlikely]]
            debug->task_destroyed(*task);
        if (task->waiting)
            drop(*task->waiting);
        else if (task->hook<in_loop>::linked())
            drop(*task); // it has not begun
    }
    while (task_state* task = seen.pop_front())
        tasks_.push_back(*task);
}

/// Of a dead loop. Nothing is destroyed within the call that made it ready.
RILL_DECL void loop_core::drop_ready() noexcept
{
    if (std::exchange(dropping_, true))
        return;
    while (ready_node* node = ready_.front())
        drop(*node);
    dropping_ = false;
}

/// From here to the end of shutdown() or renew(), what is made ready is dropped.
RILL_DECL void loop_core::drop_waiting() noexcept
{
    dead_ = true;
    dropping_ = true;
    mailbox_->close();
    wakeup_.cancel();
    wakeup_at_ = never;
    timers_.clear();
    drop_tasks();
    // Dropping one may run destructors of the user's that make others ready or pending.
    for (;;) {
        ready_node* node = ready_.pop_front();
        if (!node)
            node = pending_.pop_front();
        if (!node)
            break;
        drop(*node);
    }
    dropping_ = false;
    while (task_state* task = ended_tasks_.front())
        task->outlive_loop();
    while (future_state* future = futures_.front())
        future->abandon();
    while (live_generator* generator = generators_.front())
        generator->lose_loop();
    while (held_objects_.pop_front())
        continue;
}

RILL_DECL void loop_core::shutdown() noexcept
{
    drop_waiting();
    while (task_state* task = tasks_.front())
        task->abandon();
    while (task_state* task = ended_tasks_.front())
        task->outlive_loop();
    work_.reset();
    if (debug)
        debug->loop_ends();
    set_debug(nullptr);
}

RILL_DECL void loop_core::renew()
{
    drop_waiting();
    task_factory = nullptr;
    eager_tasks = false;
    set_debug(nullptr);
    forget_observers();
    default_executor.reset();
    takes_jobs = true;
    handler_ = nullptr;
    mailbox_ = mailbox_ptr(new mailbox(io_));
    dead_ = false;
    if (tasks_.empty())
        work_.reset();
}

} // namespace rill::RILL_FORM::detail
