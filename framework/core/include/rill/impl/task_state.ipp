// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/detail/loop/task_state.hpp>
#include <rill/detail/wait/held_object.hpp>
#include <rill/detail/watch/describe.hpp>

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

RILL_DECL void throw_cancelled()
{
    throw cancelled_error(current.task ? current.task->reason() : nullptr);
}

RILL_DECL void throw_failure(error_code ec, bool told)
{
    if (told && ec == condition::cancelled)
        throw_cancelled();
    throw system_error(ec);
}

RILL_DECL void throw_used_up(const std::source_location& where)
{
    throw std::logic_error(
        "rill: the awaitable that is awaited" + at(where) +
        " has been awaited or given away already"
    );
}

RILL_DECL bool was_asked_for(const std::exception_ptr& error) noexcept
{
    const bool told = current.task && current.task->next_wait_throws();
    return told ? is_cancellation(error) : is_cancelled_error(error);
}

RILL_DECL task_state::task_state(
    loop_core& core, std::string&& name, context_ptr&& context, std::source_location place
)
    : completion_state(core)
    , ready_node(&on_first_turn)
    , number_(core.registry.next_task_number())
    , rare_(name.empty() ? nullptr : new rarities{std::move(name), {}, {}})
    , context_(std::move(context))
    , created_(place)
    , slot_(&core.take_slot(*this))
    , generation_(slot_->generation)
    , top_(&root_)
{
    core.registry.tasks.push_back(*this);
    if (task_state* creator = current.task; creator && creator->core() == &core) {
        parent_slot_ = &creator->place();
        parent_generation_ = creator->generation();
    }
    if (core.debug) [[unlikely]]
        core.debug->created(this);
}

RILL_DECL std::string task_state::name() const
{
    return rare_ && rare_->name ? *rare_->name : name_of(number_);
}

RILL_DECL std::string task_state::given_name() const
{
    return rare_ && rare_->name ? *rare_->name : std::string();
}

RILL_DECL void task_state::set_name(std::string name)
{
    rare().name = std::move(name);
}

RILL_DECL void task_state::cancel(scope& s, cancel_reason_ptr why)
{
    if (s.cancelled)
        return;
    const bool cancelled_before = cancelled();
    s.cancelled = true;
    s.why = std::move(why);
    if (!cancelled_before)
        core()->cancellations.deliver(*this, false);
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

RILL_DECL bool task_state::reached_in_this_round() const noexcept
{
    return core() && round_ == core()->cancellations.round();
}

RILL_DECL void task_state::deliver(bool again) noexcept
{
    round_ = core()->cancellations.round();
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
    if (!rare_ || !rare_->interrupted)
        return "while it ran";
    return "while it waited for " + *rare_->interrupted;
}

RILL_DECL void task_state::start(task_frame frame, bool eager)
{
    coroutines.outermost = frame.release();
    task_ = this;
    retain(); // until the coroutine runs, and holds the task itself
    if (!eager) {
        core()->make_ready(*this);
        return;
    }
    const loop_core::own_share share(*core());
    first_step();
}

RILL_DECL const task_state* task_state::parent() const noexcept
{
    return parent_slot_ && parent_slot_->generation == parent_generation_ ? parent_slot_->task
                                                                          : nullptr;
}

RILL_DECL void task_state::end() noexcept
{
    if (core()->monitor.observed()) [[unlikely]]
        core()->monitor.tell(loop_event::task_ended, this);
    core()->monitor.note_end(*this);
    hook<in_tasks>::unlink();
    core()->registry.ended_tasks.push_back(*this);
    core()->give_back(*slot_);
    finish();
    if (on_end)
        on_end->ended(*this);
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
    const variables_of its(context_);
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
    if (coroutines.outermost) // it was to begin on an executor of its own, which is gone
        drop_frame();
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
    const task_frame dropped(*std::exchange(coroutines.outermost, nullptr));
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
    core()->cancellations.deliver(*this, again);
    return true;
}

RILL_DECL void task_state::refresh() noexcept
{
    if (!core()) // the loop is gone and the frames are being destroyed: nothing is to be told
        return;
    cancellation().clear();
    if (cancelled())
        emit();
    else if (rare_ && !cancelled_anywhere())
        rare_->interrupted.reset();
}

RILL_DECL void task_state::emit() noexcept
{
    if (coroutines.outermost)
        coroutines.outermost->cancel();
    if (waiting)
        waiting->cancel();
}

RILL_DECL void task_state::note_interruption() noexcept
{
    if (current.task == this || (rare_ && rare_->interrupted))
        return;
    try {
        rare().interrupted = waiting ? waiting->describe()
                             : begun ? "an operation of Asio's"
                                     : "its first step";
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

RILL_DECL context_ptr& current_context() noexcept
{
    if (current.variables)
        return *current.variables;
    if (current.task)
        return current.task->context();
    thread_local context_ptr of_thread;
    return of_thread;
}

} // namespace rill::RILL_FORM::detail
