// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/debug.hpp>
#include <rill/detail/form.hpp>

#include <string>

namespace rill::RILL_FORM::detail {

class coroutine_place;
class held_object;
class loop_core;
class task_state;

/// What debug mode is told of. A loop has none while debug mode is off: nothing is checked then.
class debug_watch {
public:
    virtual ~debug_watch() = default;

    virtual void coroutine_created(const coroutine_place& coroutine) noexcept = 0;
    virtual void coroutine_begins(const coroutine_place& coroutine) noexcept = 0;
    virtual void never_awaited(const coroutine_place& coroutine) noexcept = 0;

    /// A task, a future, a callback.
    virtual void created(const void* object) noexcept = 0;
    virtual void gone(const void* object) noexcept = 0;

    /// The calls that led to an object, one on each line; empty where they are not known.
    virtual std::string trace_of(const void* object) const = 0;

    /// The loop dies, and the task has not ended.
    virtual void task_destroyed(task_state& task) noexcept = 0;

    /// Whether some thread is running the loop. For a program that runs its io_context itself, once
    /// it has begun to.
    virtual bool loop_is_run() const noexcept = 0;

    /// `what`, an object of the loop, is used by this thread, which is not the loop's.
    virtual void used_by_another_thread(const std::string& what) noexcept = 0;

    /// The same where this thread may be the loop's.
    virtual void used(const std::string& what) noexcept = 0;

    /// A stream and the like; see open_mark.
    virtual void opened(const void* object, std::string what) noexcept = 0;
    virtual void closed(const void* object) noexcept = 0;

    /// Nothing of the loop's is left but what is held elsewhere.
    virtual void loop_ends() noexcept = 0;

    virtual void unlocked_by_another(const held_object& lock) noexcept = 0;
};

void set_debug(loop_core& core, const debug_options& options);

/// RILL_DEBUG says that debug mode is wanted.
bool debug_in_environment();

} // namespace rill::RILL_FORM::detail
