// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/debug.hpp>
#include <rill/detail/form.hpp>
#include <rill/detail/loop/loop_core.hpp>
#include <rill/detail/loop/task_state.hpp>
#include <rill/detail/wait/held_object.hpp>
#include <rill/detail/watch/debug_watch.hpp>
#include <rill/detail/watch/describe.hpp>
#include <rill/detail/watch/stack_trace.hpp>
#include <rill/detail/watch/symbols.hpp>
#include <rill/detail/watch/watchdog.hpp>
#include <rill/detail/watch/watched_loops.hpp>

#include <atomic>
#include <cstdlib>
#include <memory>
#include <source_location>
#include <string>
#include <unordered_map>
#include <utility>

namespace rill::RILL_FORM {

namespace detail {

/// What debug mode knows and checks; see debug.hpp.
class debug_mode final : public debug_watch, public loop_observer {
public:
    debug_mode(loop_core& core, debug_options options);

    ~debug_mode() override { core_.monitor.remove(*this); }

    void coroutine_created(const coroutine_place& coroutine) noexcept override
    {
        remember(&coroutine);
    }

    void coroutine_begins(const coroutine_place& coroutine) noexcept override { gone(&coroutine); }

    /// In a task that is told to stop, nothing is awaited any more.
    void never_awaited(const coroutine_place& coroutine) noexcept override;

    void created(const void* object) noexcept override { remember(object); }

    void gone(const void* object) noexcept override { traces_.erase(object); }

    std::string trace_of(const void* object) const override;

    void task_destroyed(task_state& task) noexcept override;

    bool loop_is_run() const noexcept override;

    /// The finding travels through the loop, whose handler is not for other threads.
    void used_by_another_thread(const std::string& what) noexcept override;

    void used(const std::string& what) noexcept override;

    void opened(const void* object, std::string what) noexcept override;

    void closed(const void* object) noexcept override
    {
        open_.erase(object);
        gone(object);
    }

    void loop_ends() noexcept override;

    void unlocked_by_another(const held_object& lock) noexcept override;

    void on(loop_event event, task_state* task) noexcept override;

private:
    void remember(const void* object) noexcept;

    std::string take_trace(const void* object) noexcept;

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
    void begin_step(task_state* task);

    void end_step();

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
    watched_loops::entry entry_{core_, *this};
};

} // namespace detail
} // namespace rill::RILL_FORM

#ifndef RILL_SEPARATE_COMPILATION
#include <rill/impl/debug_mode.ipp>
#endif
