// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/debug.hpp>
#include <rill/detail/debug_watch.hpp>
#include <rill/detail/describe.hpp>
#include <rill/detail/held_object.hpp>
#include <rill/detail/loop_core.hpp>
#include <rill/detail/stack_trace.hpp>
#include <rill/detail/symbols.hpp>
#include <rill/detail/task_state.hpp>
#include <rill/detail/watchdog.hpp>

#include <atomic>
#include <cstdlib>
#include <memory>
#include <source_location>
#include <string>
#include <unordered_map>
#include <utility>

namespace rill {

inline duration debug_options::slow_step_in_environment()
{
    const char* const text = std::getenv("RILL_DEBUG_SLOW_STEP_MS");
    const long ms = text ? std::strtol(text, nullptr, 10) : 0;
    return std::chrono::milliseconds(ms > 0 ? ms : 100);
}

namespace detail {

/// What debug mode knows and checks; see debug.hpp.
class debug_mode final : public debug_watch, public loop_observer {
public:
    debug_mode(loop_core& core, debug_options options)
        : core_(core)
        , options_(std::move(options))
        , dog_(options_.slow_step(), options_.hang(), options_.on_hang())
    {
        symbols::of_program(); // read now, and not within a step that would be slow by it
        core_.add_observer(*this);
    }

    ~debug_mode() override { core_.remove_observer(*this); }

    void coroutine_created(const coroutine_place& coroutine) noexcept override
    {
        remember(&coroutine);
    }

    void coroutine_begins(const coroutine_place& coroutine) noexcept override { gone(&coroutine); }

    /// In a task that is told to stop, nothing is awaited any more.
    void never_awaited(const coroutine_place& coroutine) noexcept override
    {
        const std::string trace = take_trace(&coroutine);
        if (current.task && current.task->told_to_stop())
            return;
        find(
            [&] {
                return "a coroutine was never awaited: " +
                       std::string(name_of_function(coroutine.where().function_name())) +
                       ", defined" + at(coroutine.where());
            },
            trace
        );
    }

    void created(const void* object) noexcept override { remember(object); }

    void gone(const void* object) noexcept override { traces_.erase(object); }

    std::string trace_of(const void* object) const override
    {
        const auto found = traces_.find(object);
        return found == traces_.end() ? std::string() : found->second.text();
    }

    void task_destroyed(task_state& task) noexcept override
    {
        if (task.is_main)
            return;
        const auto text = [&] {
            const std::string wait = task.waiting ? task.waiting_for() : "something of Asio's";
            return "a task was destroyed before its end: " + task.description() + ", created" +
                   at(task.created()) + ", waited for " + (task.begun() ? wait : "its first step");
        };
        find(text, trace_of(&task));
    }

    bool loop_is_run() const noexcept override
    {
        return core_.being_run || (program_runs_it_ && !core_.io().stopped());
    }

    /// The finding travels through the loop, whose handler is not for other threads.
    void used_by_another_thread() noexcept override
    {
        try {
            std::string text = "an object of this loop was used by another thread: only "
                               "call_soon_threadsafe, task.cancel() and what says so may be" +
                               stack_trace::here().text();
            core_.mail().post([&core = core_, text = std::move(text)] {
                core.report({text, nullptr});
            });
        } catch (...) { // no memory: it goes unreported
        }
    }

    void opened(const void* object, std::string what) noexcept override
    {
        try {
            open_.emplace(object, std::move(what));
        } catch (...) { // no memory: it will not be missed
        }
        remember(object);
    }

    void closed(const void* object) noexcept override
    {
        open_.erase(object);
        gone(object);
    }

    void loop_ends() noexcept override
    {
        const auto left = std::exchange(open_, {});
        for (const auto& left_open : left)
            find(
                [&] { return left_open.second + " was still open when its loop ended"; },
                trace_of(left_open.first)
            );
    }

    void unlocked_by_another(const held_object& lock) noexcept override
    {
        const auto text = [&] {
            const std::string who = current.task ? current.task->description() : "a callback";
            return lock.title() + ", held by " + lock.holder()->description() +
                   ", was unlocked by " + who + stack_trace::here().text();
        };
        find(text);
    }

    void on(loop_event event, task_state* task) noexcept override
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

private:
    void remember(const void* object) noexcept
    {
        if (!options_.traces())
            return;
        try {
            traces_[object] = stack_trace::here();
        } catch (...) { // no memory: it has no trace
        }
    }

    std::string take_trace(const void* object) noexcept
    {
        try {
            const std::string trace = trace_of(object);
            gone(object);
            return trace;
        } catch (...) { // no memory: it goes without
            return {};
        }
    }

    /// The exception handler may end debug mode: nothing comes after the report.
    template <class Text>
    void find(Text text, const std::string& trace = {}) noexcept
    {
        try {
            core_.report({text(), nullptr, {}, {}, {}, {}, trace});
        } catch (...) { // no memory: it goes unreported
        }
    }

    /// A step within a step is a part of it.
    void begin_step(task_state* task)
    {
        if (depth_++ > 0)
            return;
        step_ = task ? "a step of " + task->description() : core_.describe_step();
        from_ = place_in(task);
        trace_ = task ? std::string() : core_.trace_of_step();
        dog_.begin(step_);
    }

    void end_step()
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

    loop_core& core_;
    debug_options options_;
    std::unordered_map<const void*, stack_trace> traces_; // of what has not ended
    std::unordered_map<const void*, std::string> open_;   // streams and the like, in words
    std::atomic<bool> program_runs_it_ = false;           // without a rill::loop
    unsigned depth_ = 0;                                  // of steps
    std::string step_;                                    // in words; of the present step
    std::source_location from_;
    std::string trace_; // of a callback: the calls that registered it
    watchdog dog_;
};

inline void set_debug(loop_core& core, const debug_options& options)
{
    core.set_debug(std::make_unique<debug_mode>(core, options));
}

} // namespace detail
} // namespace rill
