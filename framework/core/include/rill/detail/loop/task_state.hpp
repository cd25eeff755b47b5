// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/detail/form.hpp>
#include <rill/detail/loop/completion_state.hpp>
#include <rill/detail/loop/task_frame.hpp>
#include <rill/detail/wait/scope.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/cancellation_state.hpp>

#include <exception>
#include <memory>
#include <optional>
#include <source_location>
#include <string>

namespace rill::RILL_FORM::detail {

struct in_group; // tag: a place among the children of a task group

/// Throws why a wait of the current coroutine's has failed; `told`: somebody asked it to stop.
[[noreturn]] void throw_failure(error_code ec, bool told);

/// Whether `error`, which has just come out of what the current task awaited, is a cancellation
/// that somebody asked for: the task has been told to stop, or what it awaited had been. The code
/// alone does not say so: a timer or socket that a sibling has closed ends with the same one.
bool was_asked_for(const std::exception_ptr& error) noexcept;

/// The calls that made an object, a line each, in debug mode.
std::string trace_of(const loop_core* core, const void* object);

void forget_trace(const loop_core* core, const void* object) noexcept;

/// Whom the end of a task concerns before anybody else: its group.
class end_listener {
public:
    virtual void ended(task_state& task) noexcept = 0;

    /// Null where nobody waits for it at present.
    virtual task_state* waiting_task() const noexcept = 0;

protected:
    ~end_listener() = default;
};

/// The control block of a task. The loop's list of tasks does not own it.
class task_state : public completion_state,
                   public ready_node,
                   public hook<in_tasks>,
                   public hook<in_group>,
                   public hook<in_delivery> {
public:
    task_state(
        loop_core& core, std::string&& name, context_ptr&& context, std::source_location place
    );

    // Identity

    /// Counted from 1 in the order of creation.
    std::uint64_t number() const noexcept { return number_; }

    task_slot& place() const noexcept { return *slot_; }

    std::uint32_t generation() const noexcept { return generation_; }

    std::string name() const;

    /// Of one to which nobody has given a name.
    static std::string name_of(std::uint64_t number) { return "Task-" + std::to_string(number); }

    /// Empty if nobody has.
    std::string given_name() const;

    void set_name(std::string name);

    std::string description() const override { return "task '" + name() + "'"; }

    const std::source_location& created() const noexcept { return created_; }

    context_ptr& context() noexcept { return context_; }

    // Cancellation

    /// Whether `slot` is that of this task's own coroutine, and not of another one that runs
    /// during its steps.
    bool is_coroutine(asio::cancellation_slot slot) const noexcept
    {
        return slot.is_connected() && slot == cancellation().slot();
    }

    /// The same by the outermost frame.
    bool is_coroutine(const task_promise::asio_frame* outermost) const noexcept
    {
        return outermost == coroutines.outermost;
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

    void cancel(scope& s, cancel_reason_ptr why);

    /// Takes a scope's cancellation back, before it is left.
    void uncancel(scope& s) noexcept;

    /// `s` stops or begins to keep out what comes from outside.
    void set_shield(scope& s, bool shield) noexcept
    {
        s.shield = shield;
        refresh();
    }

    /// Whether a wait throws now: the coroutine's own state, which agrees with cancelled().
    bool next_wait_throws() const noexcept
    {
        return cancellation().cancelled() != asio::cancellation_type::none;
    }

    /// Whether a scope around what runs now is cancelled.
    bool cancelled() const noexcept { return cancelled_scope(top_) != nullptr; }

    /// Whether a wait would throw outside `s`.
    bool cancelled_outside(const scope& s) const noexcept
    {
        return cancelled_scope(s.outer) != nullptr;
    }

    /// Why a wait throws now; null where none does, or no reason was given.
    cancel_reason_ptr reason() const noexcept;

    /// The same for what counts outside `s`.
    cancel_reason_ptr reason_outside(const scope& s) const noexcept;

    bool request_cancel(cancel_reason_ptr why = {}) override;

    unsigned requests() const noexcept override { return requests_; }

    unsigned take_back_request() noexcept;

    bool reached_in_this_round() const noexcept override;

    /// A scope has been cancelled: the coroutine is told, if no shield is in between.
    void deliver(bool again) noexcept;

    /// What the task was waiting for when it was told to stop: "while it waited for ...".
    std::string interruption() const;

    // The beginning

    /// Runs the coroutine to its first wait: on a later turn, or now if it is eager.
    void start(task_frame frame, bool eager);

    /// The coroutine runs on `ex`, on the same loop, and not in the loop's own turns. Before start().
    void run_on(asio::any_io_executor ex) { rare().executor = std::move(ex); }

    bool has_own_executor() const noexcept { return rare_ && rare_->executor; }

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

    // Of a request to stop that is on its way: the task had been told before.
    bool told_again : 1 = false;

    bool begun : 1 = false; // it has had its first step

    /// The task that created it; null if there was none, or it has ended.
    const task_state* parent() const noexcept;

    /// Where it waits for an operation of Rill's: in words.
    std::string waiting_for() const { return waiting->describe(); }

    // The end

    end_listener* on_end = nullptr; // its group

    /// The coroutine has ended and its frames are gone; the outcome has been set.
    void end() noexcept;

    /// A cancellation that somebody asked for, with why and where.
    std::exception_ptr explained(std::exception_ptr error) const noexcept;

    /// Reports its exception, if it has one that nobody has looked at.
    void report_unretrieved() noexcept;

    /// It never starts, or the loop dies with it unfinished: its frames are destroyed, not run.
    void abandon() noexcept;

    /// It has ended, and a handle outlives the loop.
    void outlive_loop() noexcept
    {
        lose_loop();
        hook<in_tasks>::unlink();
    }

protected:
    ~task_state() override;

private:
    static void on_first_turn(ready_node& node, act what);

    void first_step();

    /// As a step of this task. Cancelled before it, the body never runs.
    void begin(const asio::any_io_executor& ex);

    void never_start() noexcept
    {
        drop_frame();
        abandon();
        release();
    }

    /// The coroutine that has not begun; nobody is told that it was never awaited.
    void drop_frame() noexcept;

    /// What few tasks have.
    struct rarities {
        std::optional<std::string> name;        // none: named after its number
        std::optional<std::string> interrupted; // what it waited for when it was told to stop
        asio::any_io_executor executor;         // none: the loop's
    };

    rarities& rare()
    {
        if (!rare_)
            rare_ = std::make_unique<rarities>();
        return *rare_;
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

    /// That of the coroutine, while there is one.
    asio::cancellation_state cancellation() const noexcept
    {
        task_promise* const frame = coroutines.outermost;
        return frame ? frame->cancellation() : asio::cancellation_state();
    }

    /// Shields or not.
    bool cancelled_anywhere() const noexcept;

    bool request_cancel_running(cancel_reason_ptr why);

    /// Asio's cancellation state is sticky; makes it agree with the scopes again.
    void refresh() noexcept;

    void emit() noexcept;

    void note_interruption() noexcept;

    void leave_out_of_order(scope& s) noexcept;

    std::uint64_t number_;
    std::unique_ptr<rarities> rare_;
    context_ptr context_; // null: every variable has its default
    std::source_location created_;
    task_slot* slot_;
    const task_slot* parent_slot_ = nullptr;
    std::uint32_t parent_generation_ = 0;
    std::uint32_t generation_;
    unsigned requests_ = 0;   // cancel() less uncancel()
    std::uint32_t round_ = 0; // of the last request to stop that has come by

    scope root_; // the task as a whole
    scope* top_;
};

/// Calls f(task) for each task that awaits `task`'s end: who waits in its group, too.
template <class F>
void for_each_awaiter(const task_state& task, F f)
{
    task.for_each_awaiter(f);
    if (!task.done() && task.on_end)
        if (task_state* const parent = task.on_end->waiting_task())
            f(*parent);
}

/// Whether `who` awaits `task`, itself or through others.
bool awaits(const completion_state& who, const task_state& task);

/// Where the program stands in a task: its innermost co_await that is none of the library's.
std::source_location place_in(const task_state* task) noexcept;

inline void loop_monitor::begin_step(task_state* task, ready_node* node) noexcept
{
    ++meter.steps;
    if (task) {
        ++task->steps;
        task->last_step = meter.turn_began();
        last_step_ = &task->place();
        last_step_generation_ = task->generation();
    }
    if (watched_) [[unlikely]]
        begin_watched_step(task, node);
}

inline void step_into(task_state* task) noexcept
{
    current.task = task;
    current.coroutines = task ? &task->coroutines : nullptr;
}

inline step_scope::step_scope(loop_core* loop, task_state* task) noexcept
    : before_(std::exchange(
          current,
          thread_position{loop, nullptr, nullptr, nullptr, loop ? &loop->debug : &nobody_watches}
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
RILL_ONE_PER_PROGRAM context_ptr& current_context() noexcept;

} // namespace rill::RILL_FORM::detail

#ifndef RILL_SEPARATE_COMPILATION
#include <rill/impl/cancel_delivery.ipp>
#include <rill/impl/deadlines.ipp>
#include <rill/impl/loop_core.ipp>
#include <rill/impl/loop_monitor.ipp>
#include <rill/impl/task_state.ipp>
#endif
