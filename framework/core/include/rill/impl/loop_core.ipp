// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/detail/loop/context_user.hpp>
#include <rill/detail/loop/future_state.hpp>
#include <rill/detail/loop/live_generator.hpp>
#include <rill/detail/loop/loop_core.hpp>
#include <rill/detail/loop/sole_copy.hpp>
#include <rill/detail/loop/task_state.hpp>
#include <rill/detail/watch/thread_text.hpp>

#include <boost/asio/bind_allocator.hpp>
#include <boost/asio/post.hpp>

#include <cstdio>
#include <exception>

namespace rill::RILL_FORM::detail {

RILL_DECL loop_core& loop_core::of(asio::io_context& io)
{
    if (current.loop && &current.loop->io() == &io)
        return *current.loop;
    return asio::use_service<loop_core>(io);
}

RILL_DECL loop_core::loop_core(asio::execution_context& context)
    : service(context)
    , monitor(deadlines_)
    , io_(static_cast<asio::io_context&>(context))
    , deadlines_(io_, *this)
    , home_(std::this_thread::get_id())
    , home_thread_(this_thread())
    , mailbox_(new mailbox(io_))
{
    sole_copy::require(context);
    // Older than this one as well: what outlives the loop hears of its end once nothing waits.
    asio::use_service<context_users>(context);
    forget_position_in_child();
    monitor.meter.begin_turn(now());
    set_debug_by_environment();
}

RILL_DECL loop_core::~loop_core() = default;

RILL_DECL void loop_core::throw_no_loop_for(const char* what)
{
    throw std::logic_error(
        std::string("rill: ") + what +
        " needs a running loop, and none runs on this thread: it goes inside of a coroutine, or "
        "gets "
        "the executor of a loop as its first argument"
    );
}

RILL_DECL void loop_core::check_caller() const
{
    if (debug && run_elsewhere()) [[unlikely]]
        throw std::logic_error(
            "rill: another thread runs this loop; the ways in are call_soon_threadsafe and "
            "run_coroutine_threadsafe"
        );
}

/// In debug mode, on a thread that is not the loop's.
RILL_DECL bool loop_core::run_elsewhere() const noexcept
{
    return !on_home_thread() && debug->loop_is_run();
}

RILL_DECL void loop_core::check_thread(ready_node& node) noexcept
{
    if (!run_elsewhere())
        return;
    try {
        debug->used_by_another_thread(description_of(node, "an object of this loop"));
    } catch (...) { // no memory: it goes unreported
    }
}

RILL_DECL void loop_core::move_home() noexcept
{
    home_.store(std::this_thread::get_id(), std::memory_order_relaxed);
    home_thread_.store(this_thread(), std::memory_order_relaxed);
}

RILL_DECL void loop_core::refuse_second_thread(const task_state* task) const
{
    refuse_second_thread(task ? task->description() : "the loop");
}

RILL_DECL void loop_core::refuse_task_of_another_loop(const std::string& what) const
{
    throw std::logic_error(
        "rill: " + current.task->description() + " waits for " + what +
        ", which belongs to another loop"
    );
}

RILL_DECL void loop_core::refuse_second_thread(const std::string& what) const
{
    throw std::logic_error(
        "rill: " + text_of_thread(this_thread()) + " comes to " + what + ", while " +
        text_of_thread(home_thread()) +
        " is in a step of the same loop: one thread at a time may run an io_context that has "
        "Rill's "
        "objects; concurrent_queue, shared_state and run_coroutine_threadsafe are for several"
    );
}

RILL_DECL void loop_core::set_debug_by_environment()
{
    if (debug_in_environment())
        detail::set_debug(*this, debug_options());
}

RILL_DECL void loop_core::forget(ready_node& node) noexcept
{
    node.unlink();
    node.ready_ = true;
    request_idle_check();
}

RILL_DECL void loop_core::arm(ready_node& node, time_point when)
{
    if (when == never || dead_)
        return;
    deadlines_.add(node, when);
    if (deadlines_.overdue())
        until_look_ = 1;
}

RILL_DECL void loop_core::disarm(ready_node& node) noexcept
{
    if (!node.armed())
        return;
    deadlines_.remove(node);
    if (timers().empty())
        request_idle_check();
}

RILL_DECL void loop_core::fire_due()
{
    const drain_scope scope(*this);
    run_timers();
}

RILL_DECL void loop_core::give_back(task_slot& slot) noexcept
{
    registry.give_back(slot);
    if (registry.tasks.empty())
        request_idle_check();
}

RILL_DECL std::string loop_core::description_of(ready_node& node, std::string text)
{
    describing = &text;
    node.action_(node, act::describe);
    return text;
}

RILL_DECL std::string loop_core::describe_step() const
{
    ready_node* const node = monitor.stepping();
    return node ? description_of(*node, "a handler") : "a handler";
}

RILL_DECL std::string loop_core::trace_of_step() const
{
    return debug && monitor.stepping() ? debug->trace_of(monitor.stepping()) : std::string();
}

RILL_DECL void loop_core::set_debug(std::unique_ptr<debug_watch> watch) noexcept
{
    debug = watch.get();
    debug_.swap(watch); // the one before goes when the new one is in place
}

RILL_DECL void report_by_default(const exception_context& context) noexcept
{
    try {
        std::fprintf(stderr, "rill: %s\n", to_string(context).c_str());
    } catch (...) {
        std::fputs("rill: an error could not be reported for lack of memory\n", stderr);
    }
}

RILL_DECL void loop_core::report_to(loop_core* core, const exception_context& context) noexcept
{
    if (core)
        core->report(context);
    else
        report_by_default(context);
}

RILL_DECL void loop_core::report(const exception_context& context) noexcept
{
    if (!handler_) {
        report_by_default(context);
        return;
    }
    try {
        handler_(context);
    } catch (...) {
        report_by_default({"the exception handler itself failed", std::current_exception()});
        report_by_default(context);
    }
}

RILL_DECL loop_core::drain_scope::drain_scope(loop_core& core)
    : core_(core)
    , before_(core.draining_)
{
    if (core.busy_elsewhere()) [[unlikely]]
        core.refuse_second_thread(nullptr);
    core.draining_ = true;
    core.move_to_this_thread();
    if (!before_)
        core.monitor.begin_turn();
}

RILL_DECL loop_core::drain_scope::~drain_scope()
{
    core_.draining_ = before_;
    if (before_)
        return;
    core_.monitor.end_turn();
    if (!core_.ready_.empty())
        core_.request_drain();
    else
        core_.let_go_if_idle();
}

RILL_DECL void loop_core::request_drain(ready_node& because) noexcept
{
    if (debug) [[unlikely]]
        check_thread(because);
    request_drain();
}

RILL_DECL void loop_core::request_drain() noexcept
{
    if (draining_ || drain_posted_)
        return;
    drain_posted_ = true;
    auto turn = [this] {
        drain_posted_ = false;
        drain();
    };
    const handler_memory::allocator<void> memory(of_drain_);
    asio::post(io_, asio::bind_allocator(memory, std::move(turn)));
}

/// Only a run of the io_context leads to where this is called. In a turn, it is one that a step has
/// begun: what it waits for is not to run before that step has ended.
RILL_DECL void loop_core::refuse_run_within_step() const
{
    if (!draining_ || busy_elsewhere())
        return;
    throw std::logic_error(
        "rill: " + (current.task ? current.task->description() : "a callback") +
        " runs its own io_context, and the loop cannot go on before this step has ended: "
        "co_await what it waits for"
    );
}

RILL_DECL void loop_core::drain()
{
    refuse_run_within_step();
    const drain_scope scope(*this);
    const step_scope step(this, nullptr);
    run_ready();
}

/// Within a step_scope, which becomes that of each step.
RILL_DECL void loop_core::run_ready()
{
    until_look_ = deadlines_.overdue() ? 1 : stride_.begin();
    while (ready_node* const node = ready_.take()) {
        share_ = whole_share;
        step_into(node->task_);
        {
            const step_count counted(monitor, node->task_, node);
            node->action_(*node, act::run);
        }
        if (--until_look_ == 0 && !look_around())
            return;
    }
}

/// Fires what is due by now. False where the turn ends: others are to be served, or the io_context
/// has been stopped.
RILL_DECL bool loop_core::look_around()
{
    duration took{};
    if (!deadlines_.has_foreign_clock()) {
        took = now() - monitor.meter.turn_began();
        if (deadlines_.overdue() || !timers().empty()) // it may have been disarmed meanwhile
            run_timers();
    }
    until_look_ = stride_.after(monitor.meter.steps_of_turn(), took);
    return until_look_ > 0 && !io_.stopped();
}

RILL_DECL void loop_core::run_timers()
{
    const step_scope step(this, nullptr);
    deadlines_.fire_due();
}

RILL_DECL void loop_core::on_alarm()
{
    deadlines_.alarm_rang();
    if (draining_) {
        deadlines_.set_alarm();
        refuse_run_within_step();
    }
    const drain_scope scope(*this);
    const step_scope step(this, nullptr);
    run_timers();
    deadlines_.set_alarm();
    run_ready();
}

RILL_DECL bool loop_core::idle() const noexcept
{
    return registry.tasks.empty() && timers().empty() && pending_.empty();
}

RILL_DECL void loop_core::request_idle_check() noexcept
{
    const bool holds_up_run = deadlines_.alarm_is_set() || work_;
    if (holds_up_run && !dead_ && idle())
        request_drain();
}

/// An idle loop keeps no io_context from returning: the alarm that a cancelled deadline has left
/// and the guard for pending operations are kept until then, which saves setting them over and over.
RILL_DECL void loop_core::let_go_if_idle() noexcept
{
    if (!idle())
        return;
    work_.reset();
    if (deadlines_.alarm_is_set())
        deadlines_.silence();
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
    while (task_state* task = registry.tasks.pop_back()) {
        seen.push_front(*task);
        if (debug) [[unlikely]]
            debug->task_destroyed(*task);
        if (task->waiting)
            drop(*task->waiting);
        else if (task->hook<in_loop>::linked())
            drop(*task); // it has not begun
    }
    while (task_state* task = seen.pop_front())
        registry.tasks.push_back(*task);
}

/// Of a dead loop. Nothing is destroyed within the call that made it ready.
RILL_DECL void loop_core::drop_ready() noexcept
{
    if (std::exchange(dropping_, true))
        return;
    while (ready_node* node = ready_.take_first())
        drop(*node);
    dropping_ = false;
}

/// From here to the end of shutdown() or renew(), what is made ready is dropped.
RILL_DECL void loop_core::drop_waiting() noexcept
{
    dead_ = true;
    dropping_ = true;
    mailbox_->close();
    deadlines_.clear();
    drop_tasks();
    // Dropping one may run destructors of the user's that make others ready or pending.
    for (;;) {
        ready_node* node = ready_.take_first();
        if (!node)
            node = pending_.pop_front();
        if (!node)
            break;
        drop(*node);
    }
    dropping_ = false;
    while (task_state* task = registry.ended_tasks.front())
        task->outlive_loop();
    while (future_state* future = registry.futures.front())
        future->abandon();
    while (live_generator* generator = registry.generators.front())
        generator->lose_loop();
    while (registry.held_objects.pop_front())
        continue;
}

RILL_DECL void loop_core::shutdown() noexcept
{
    drop_waiting();
    while (task_state* task = registry.tasks.front())
        task->abandon();
    while (task_state* task = registry.ended_tasks.front())
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
    monitor.forget_observers();
    default_executor.reset();
    takes_jobs = true;
    handler_ = nullptr;
    mailbox_ = mailbox_ptr(new mailbox(io_));
    dead_ = false;
    if (registry.tasks.empty())
        work_.reset();
    set_debug_by_environment();
}

/// The first pass ends what waits for this loop elsewhere, the second calls the handlers of that.
RILL_DECL void loop_core::retire() noexcept
{
    mailbox_->close();
    run_what_was_posted();
    run_what_was_posted();
    shutdown();
}

RILL_DECL void loop_core::run_what_was_posted() noexcept
{
    bool all = false;
    asio::post(io_, [&all] { all = true; });
    while (!all) {
        io_.restart(); // one of them may have stopped it
        try {
            io_.run_one();
        } catch (...) {
            report({"a handler failed as its loop ended", std::current_exception()});
        }
    }
}

} // namespace rill::RILL_FORM::detail

#include <rill/detail/watch/debug_mode.hpp> // what set_debug makes; it includes this file's header
