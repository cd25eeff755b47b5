// SPDX-License-Identifier: BSL-1.0
#pragma once

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

namespace rill::detail {

struct in_group; // tag: a place among the children of a task group

/// The calls that made an object, a line each, in debug mode.
inline std::string trace_of(const loop_core* core, const void* object)
{
    return core && core->debug ? core->debug->trace_of(object) : std::string();
}

inline void forget_trace(const loop_core* core, const void* object) noexcept
{
    if (core && core->debug) [[unlikely]]
        core->debug->gone(object);
}

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
    bool timed = false;     // it is a deadline_scope
    scope* outer = nullptr;

    /// Of a shield: told when something outside it is cancelled, `again` if that was so already.
    void (*on_outer_cancel)(scope&, bool again) = nullptr;

    cancel_reason_ptr why; // the first one; null where none was given
};

/// Whom the end of a task concerns before anybody else: its group.
struct end_listener {
    void (*ended)(task_state& task, void* argument);
    task_state* (*awaited_by)(void* argument); // null where nobody waits for it at present
};

/// The control block of a task: what DESIGN calls task_state. The loop's list of tasks does not
/// own it.
class task_state : public completion_state,
                   public ready_node,
                   public hook<in_tasks>,
                   public hook<in_group> {
public:
    task_state(loop_core& core, std::string name, context_ptr context, std::source_location place)
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

    // Identity

    /// Counted from 1 in the order of creation.
    std::uint64_t number() const noexcept { return number_; }

    task_slot& place() const noexcept { return *slot_; }

    std::uint32_t generation() const noexcept { return generation_; }

    std::string name() const { return name_ ? *name_ : "Task-" + std::to_string(number_); }

    void set_name(std::string name) { name_ = std::make_unique<std::string>(std::move(name)); }

    std::string description() const override { return "task '" + name() + "'"; }

    const std::source_location& created() const noexcept { return created_; }

    context_ptr& context() noexcept { return context_; }

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
        if (s.shield || s.cancelled)
            refresh();
    }

    /// Leaves a scope, which should be the innermost one: from here on, what counts are those
    /// around it.
    void leave(scope& s) noexcept
    {
        if (top_ == &s)
            top_ = s.outer;
        else
            leave_out_of_order(s);
        if (!s.cancelled && !s.shield)
            return;
        refresh();
        if (top_->on_outer_cancel && core() && cancelled_outside(*top_))
            top_->on_outer_cancel(*top_, false); // it was not told while `s` was in between
    }

    void cancel(scope& s, cancel_reason_ptr why)
    {
        if (s.cancelled)
            return;
        const bool told_before = cancelled();
        s.cancelled = true;
        s.why = std::move(why);
        if (!told_before)
            core()->deliver(*this, false);
    }

    /// Takes a scope's cancellation back, before it is left.
    void uncancel(scope& s) noexcept
    {
        s.cancelled = false;
        s.why.reset();
        refresh();
    }

    /// `s` stops or begins to keep out what comes from outside.
    void set_shield(scope& s, bool shield) noexcept
    {
        s.shield = shield;
        refresh();
    }

    /// Whether a wait throws now: the coroutine's own state, which agrees with cancelled().
    bool told_to_stop() const noexcept
    {
        return cancellation_.cancelled() != asio::cancellation_type::none;
    }

    /// Whether a scope around what runs now is cancelled.
    bool cancelled() const noexcept { return cancelled_scope(top_) != nullptr; }

    /// Whether a wait would throw outside `s`.
    bool cancelled_outside(const scope& s) const noexcept
    {
        return cancelled_scope(s.outer) != nullptr;
    }

    /// Why a wait throws now; null where none does, or no reason was given.
    cancel_reason_ptr reason() const noexcept
    {
        const scope* s = cancelled_scope(top_);
        return s ? s->why : nullptr;
    }

    /// The same for what counts outside `s`.
    cancel_reason_ptr reason_outside(const scope& s) const noexcept
    {
        const scope* cancelled = cancelled_scope(s.outer);
        return cancelled ? cancelled->why : nullptr;
    }

    bool request_cancel(cancel_reason_ptr why = {}) override
    {
        if (!done())
            return request_cancel_running(std::move(why));
        mark_retrieved(); // whoever tells it to stop does not wait for its error
        return false;
    }

    unsigned requests() const noexcept { return requests_; }

    unsigned take_back_request() noexcept
    {
        if (!done() && requests_ > 0 && --requests_ == 0)
            uncancel(root_);
        return requests_;
    }

    bool told_in_this_round() const noexcept override
    {
        return core() && round_ == core()->round();
    }

    /// A scope has been cancelled: the coroutine is told, if no shield is in between.
    void deliver(bool again) noexcept
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

    /// What the task was waiting for when it was told to stop: "while it waited for ...".
    std::string interruption() const
    {
        return interrupted_ ? "while it waited for " + *interrupted_ : std::string("while it ran");
    }

    // The beginning

    /// Runs the coroutine to its first wait: on a later turn, or now if it is eager.
    void start(task_frame frame, bool eager)
    {
        frame_ = std::move(frame);
        task_ = this;
        retain(); // until the coroutine runs, and holds the task itself
        if (eager)
            first_step();
        else
            core()->make_ready(*this);
    }

    // Waiting

    /// The operation that the coroutine waits for; null while it runs, or waits for Asio's.
    operation* waiting = nullptr;

    coroutine_chain coroutines;

    // For those who look

    time_point last_step = core()->recently(); // the turn in which it ran, or was made
    std::source_location group;                // where its task group was made
    std::uint32_t steps = 0;
    bool is_main = false; // of a run: whoever stops that knows that it has not ended

    // What a task starts is as its creator in these.
    bool shielded = current.task && current.task->shielded; // a shutdown waits before it cancels it
    bool background = current.task && current.task->background; // a shutdown cancels it last

    /// The task that created it; null if there was none, or it has ended.
    const task_state* parent() const noexcept
    {
        return parent_slot_ && parent_slot_->generation == parent_generation_ ? parent_slot_->task
                                                                              : nullptr;
    }

    bool begun() const noexcept { return !frame_.valid(); }

    /// Where it waits for an operation of Rill's: in words.
    std::string waiting_for() const { return waiting->describe(); }

    // The end

    const end_listener* on_end = nullptr; // the group's
    void* on_end_argument = nullptr;

    /// The coroutine has ended and its frames are gone.
    void end(std::exception_ptr error, bool cancelled) noexcept
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

    /// A cancellation that somebody asked for, with why and where.
    std::exception_ptr explained(std::exception_ptr error) const noexcept
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

    /// Reports its exception, if it has one that nobody has looked at.
    void report_unretrieved() noexcept
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

    /// It never starts, or the loop dies with it unfinished: its frames are destroyed, not run.
    void abandon() noexcept
    {
        on_end = nullptr;
        hook<in_tasks>::unlink();
        hook<in_group>::unlink();
        core()->give_back(*slot_);
        forget_trace(core(), this);
        lose_loop();
    }

    /// It has ended, and a handle outlives the loop.
    void outlive_loop() noexcept
    {
        lose_loop();
        hook<in_tasks>::unlink();
    }

protected:
    ~task_state() override
    {
        hook<in_tasks>::unlink();
        while (coroutines.innermost)
            coroutines.innermost->leave();
        report_unretrieved();
        forget_trace(core(), this);
    }

private:
    static void on_first_turn(ready_node& node, act what)
    {
        auto& self = static_cast<task_state&>(node);
        if (what == act::run)
            self.first_step();
        else if (what == act::drop)
            self.never_start();
    }

    /// As a step of this task. Cancelled before it, the body never runs.
    void first_step();

    void never_start() noexcept
    {
        drop_frame();
        abandon();
        release();
    }

    /// The coroutine that has not begun; nobody is told that it was never awaited.
    void drop_frame() noexcept
    {
        const unwatched quietly;
        const task_frame dropped = std::move(frame_); // Asio's assignment would leak it
    }

    static const scope* cancelled_scope(const scope* s) noexcept
    {
        for (; s; s = s->outer) {
            if (s->cancelled)
                return s;
            if (s->shield)
                return nullptr;
        }
        return nullptr;
    }

    /// Shields or not.
    bool cancelled_anywhere() const noexcept
    {
        for (const scope* s = top_; s; s = s->outer)
            if (s->cancelled)
                return true;
        return false;
    }

    bool request_cancel_running(cancel_reason_ptr why)
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

    /// Asio's cancellation state is sticky; makes it agree with the scopes again.
    void refresh() noexcept
    {
        if (!core()) // the loop is gone and the frames are being destroyed: nothing is to be told
            return;
        cancellation_.clear();
        if (cancelled())
            emit();
        else if (!cancelled_anywhere())
            interrupted_.reset();
    }

    void emit() noexcept
    {
        signal_.emit(asio::cancellation_type::all);
        if (waiting)
            waiting->cancel();
    }

    void note_interruption() noexcept
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

    void leave_out_of_order(scope& s) noexcept
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

    std::uint64_t number_;
    std::unique_ptr<std::string> name_; // null: named after its number
    context_ptr context_;               // null: every variable has its default
    std::source_location created_;
    task_slot* slot_;
    const task_slot* parent_slot_ = nullptr;
    std::uint32_t parent_generation_ = 0;
    std::uint32_t generation_;
    unsigned requests_ = 0;   // cancel() less uncancel()
    std::uint32_t round_ = 0; // of the last request to stop that has come by

    task_frame frame_; // until it runs
    asio::cancellation_signal signal_;
    asio::cancellation_state cancellation_{signal_.slot(), asio::enable_total_cancellation()};
    scope root_; // the task as a whole
    scope* top_;
    std::unique_ptr<std::string> interrupted_; // what it waited for when it was told to stop
};

/// Calls f(task) for each task that awaits `task`'s end: who waits in its group, too.
template <class F>
void for_each_awaiter(const task_state& task, F f)
{
    task.for_each_awaiter(f);
    if (!task.done() && task.on_end)
        if (task_state* const parent = task.on_end->awaited_by(task.on_end_argument))
            f(*parent);
}

/// Whether `who` awaits `task`, itself or through others.
inline bool awaits(const completion_state& who, const task_state& task)
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

/// Where the program stands in a task: its innermost co_await that is none of the library's.
inline std::source_location place_in(const task_state* task) noexcept
{
    for (const coroutine_place* c = task ? task->coroutines.innermost : nullptr; c; c = c->outer())
        if (!is_of_library(c->where()))
            return c->where();
    return {};
}

inline void loop_core::begin_step(task_state* task) noexcept
{
    ++meter.steps;
    if (!task)
        return;
    ++task->steps;
    task->last_step = meter.turn_began();
    last_step_ = &task->place();
    last_step_generation_ = task->generation();
}

inline void loop_core::begin_watched_step(task_state* task) noexcept
{
    if (times_steps_)
        begin_timed_step(task);
    tell(loop_event::step_begins, task);
}

/// It began where the one before it ended. Its coroutines may be gone when it turns out to be slow,
/// but hardly ever it does: what is noted is only read then.
inline void loop_core::begin_timed_step(task_state* task) noexcept
{
    step_task_.clear();
    step_places_.clear();
    if (!task)
        last_step_ = nullptr;
    for (const coroutine_place* c = task ? task->coroutines.innermost : nullptr; c; c = c->outer())
        if (!step_places_.add(c->where()))
            break;
}

inline void loop_core::end_watched_step() noexcept
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
inline void loop_core::note_end(const task_state& task) noexcept
{
    if (!times_steps_ || last_step_ != &task.place())
        return;
    try {
        step_task_ = task.name();
    } catch (...) { // no memory: it goes without
    }
}

/// Whose the last step was; empty for nobody's.
inline std::string loop_core::name_of_last_step() const
{
    if (!last_step_)
        return {};
    if (last_step_->generation == last_step_generation_)
        return last_step_->task->name();
    return step_task_.empty() ? "a task that has ended" : step_task_;
}

inline std::string loop_core::trace_of_step() const
{
    return debug && stepping_ ? debug->trace_of(stepping_) : std::string();
}

inline void loop_core::note_slow(duration took, std::uint64_t steps) noexcept
{
    try {
        slow_step step{took, name_of_last_step(), {}, now() - took, steps};
        if (times_steps_)
            step.where = step_places_.innermost_of_program();
        meter.add(std::move(step));
    } catch (...) { // no memory: it goes unrecorded
    }
}

inline void step_into(task_state* task) noexcept
{
    current.task = task;
    current.coroutines = task ? &task->coroutines : nullptr;
}

inline step_scope::step_scope(loop_core* loop, task_state* task) noexcept
    : before_(std::exchange(
          current, position{loop, nullptr, nullptr, nullptr, loop ? &loop->debug : &nobody_watches}
      ))
{
    step_into(task);
}

/// The task in whose step this thread is, if it is the coroutine with `state` itself.
inline task_state* running_task(const asio::cancellation_state& state) noexcept
{
    task_state* task = current.task;
    return task && task->is_coroutine(state.slot()) ? task : nullptr;
}

/// The context of what runs on this thread: a task's, a callback's, or the thread's own.
inline context_ptr& current_context() noexcept
{
    if (current.task)
        return current.task->context();
    if (current.callback_context)
        return *current.callback_context;
    thread_local context_ptr of_thread;
    return of_thread;
}

/// The state of a future.
class future_state : public completion_state, public hook<in_futures> {
public:
    explicit future_state(loop_core& core, std::source_location place)
        : completion_state(core)
        , created_(place)
    {
        core.futures().push_back(*this);
        if (core.debug) [[unlikely]]
            core.debug->created(this);
    }

    std::string description() const override { return "a future"; }

    const std::source_location& created() const noexcept { return created_; }

    bool request_cancel(cancel_reason_ptr why = {}) override
    {
        if (done()) {
            mark_retrieved();
            return false;
        }
        end(std::make_exception_ptr(cancelled_error(std::move(why))), true);
        return true;
    }

    void end(std::exception_ptr error, bool cancelled) noexcept
    {
        finish(std::move(error), cancelled);
    }

    /// The loop dies, with it ended or not; handles are left.
    void abandon() noexcept
    {
        forget_trace(core(), this);
        lose_loop();
        hook<in_futures>::unlink();
    }

protected:
    ~future_state() override
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

private:
    std::source_location created_;
};

inline void loop_core::deliver(task_state& task, bool again)
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

inline void loop_core::drop(ready_node& node) noexcept
{
    node.unlink();
    node.ready_ = true;
    node.action_(node, act::drop);
}

/// The youngest first: those that a task has started may refer to what is in its frame. (Those that
/// wait for something of Asio's are destroyed by that, later.)
inline void loop_core::drop_tasks() noexcept
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
inline void loop_core::drop_ready() noexcept
{
    if (std::exchange(dropping_, true))
        return;
    while (ready_node* node = ready_.front())
        drop(*node);
    dropping_ = false;
}

/// From here to the end of shutdown() or renew(), what is made ready is dropped.
inline void loop_core::drop_waiting() noexcept
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

inline void loop_core::shutdown() noexcept
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

inline void loop_core::renew()
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

} // namespace rill::detail
