// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/detail/watch/debug_mode.hpp>

#include <cstdlib>
#include <string_view>

namespace rill::RILL_FORM::detail {

RILL_DECL debug_mode::debug_mode(loop_core& core, debug_options options)
    : core_(core)
    , options_(std::move(options))
    , dog_(options_.slow_step(), options_.hang(), options_.on_hang())
{
    symbols::of_program(); // read now, and not within a step that would be slow by it
    core_.monitor.add(*this);
}

RILL_DECL void debug_mode::never_awaited(const coroutine_place& coroutine) noexcept
{
    const std::string trace = take_trace(&coroutine);
    if (current.task && current.task->next_wait_throws())
        return;
    find(
        [&] {
            return "a coroutine was never awaited: " +
                   std::string(name_of_function(coroutine.where().function_name())) + ", defined" +
                   at(coroutine.where());
        },
        trace
    );
}

RILL_DECL std::string debug_mode::trace_of(const void* object) const
{
    const auto found = traces_.find(object);
    return found == traces_.end() ? std::string() : found->second.text();
}

RILL_DECL void debug_mode::task_destroyed(task_state& task) noexcept
{
    if (task.is_main)
        return;
    const auto text = [&] {
        const std::string wait = task.waiting ? task.waiting_for() : "something of Asio's";
        return "a task was destroyed before its end: " + task.description() + ", created" +
               at(task.created()) + ", waited for " + (task.begun ? wait : "its first step");
    };
    find(text, trace_of(&task));
}

RILL_DECL bool debug_mode::loop_is_run() const noexcept
{
    return core_.being_run || (program_runs_it_ && !core_.io().stopped());
}

RILL_DECL void debug_mode::used(const std::string& what) noexcept
{
    if (!core_.on_home_thread() && loop_is_run())
        used_by_another_thread(what);
}

RILL_DECL void debug_mode::used_by_another_thread(const std::string& what) noexcept
{
    try {
        std::string text = what + " was used by " + text_of_thread(this_thread()) + ", while " +
                           text_of_thread(core_.home_thread()) +
                           " runs its loop: only call_soon_threadsafe, task.cancel() and what "
                           "says so may be used by other threads" +
                           stack_trace::here().text();
        core_.mail().post([&core = core_, text = std::move(text)] { core.report({text, nullptr}); }
        );
    } catch (...) { // no memory: it goes unreported
    }
}

RILL_DECL void debug_mode::opened(const void* object, std::string what) noexcept
{
    try {
        open_.emplace(object, std::move(what));
    } catch (...) { // no memory: it will not be missed
    }
    remember(object);
}

RILL_DECL void debug_mode::loop_ends() noexcept
{
    const auto left = std::exchange(open_, {});
    for (const auto& left_open : left)
        find(
            [&] { return left_open.second + " was still open when its loop ended"; },
            trace_of(left_open.first)
        );
}

RILL_DECL void debug_mode::unlocked_by_another(const held_object& lock) noexcept
{
    const auto text = [&] {
        const std::string who = current.task ? current.task->description() : "a callback";
        return lock.title() + ", held by " + lock.holder()->description() + ", was unlocked by " +
               who + stack_trace::here().text();
    };
    find(text);
}

RILL_DECL void debug_mode::on(loop_event event, task_state* task) noexcept
{
    try {
        if (event == loop_event::step_begins)
            begin_step(task);
        else if (event == loop_event::step_ends)
            end_step();
        else if (event == loop_event::turn_begins && !core_.being_run)
            program_runs_it_ = true;
    } catch (...) { // no memory: the step goes unwatched
    }
}

RILL_DECL void debug_mode::remember(const void* object) noexcept
{
    if (!options_.traces())
        return;
    try {
        traces_[object] = stack_trace::here();
    } catch (...) { // no memory: it has no trace
    }
}

RILL_DECL std::string debug_mode::take_trace(const void* object) noexcept
{
    try {
        const std::string trace = trace_of(object);
        gone(object);
        return trace;
    } catch (...) { // no memory: it goes without
        return {};
    }
}

RILL_DECL void debug_mode::begin_step(task_state* task)
{
    if (depth_++ > 0)
        return;
    step_ = task ? "a step of " + task->description() : core_.describe_step();
    from_ = place_in(task);
    trace_ = task ? std::string() : core_.trace_of_step();
    dog_.begin(step_);
}

RILL_DECL void debug_mode::end_step()
{
    if (depth_ == 0 || --depth_ > 0) // 0: debug mode began within the step
        return;
    const auto slow = dog_.end();
    if (!slow)
        return;
    const auto ms = std::chrono::round<std::chrono::milliseconds>(slow->took);
    const std::string place = text_of(from_);
    const std::string calls = slow->calls.text(24);
    core_.report(
        {step_ + " took " + text_of(ms) + ", and the loop stood still" +
             (place.empty() ? "" : "; it went on after its wait at " + place) +
             (calls.empty() ? "" : "; it was" + calls),
         nullptr,
         {},
         {},
         {},
         {},
         trace_}
    );
}

RILL_DECL void set_debug(loop_core& core, const debug_options& options)
{
    core.set_debug(std::make_unique<debug_mode>(core, options));
}

RILL_DECL bool debug_in_environment()
{
    const char* const value = std::getenv("RILL_DEBUG");
    const std::string_view text = value ? value : "";
    return text == "1" || text == "true" || text == "on" || text == "yes";
}

} // namespace rill::RILL_FORM::detail
