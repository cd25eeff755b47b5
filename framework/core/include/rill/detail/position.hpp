// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/context.hpp>

#include <pthread.h>

#include <utility>

namespace rill::detail {

class loop_core;
class task_state;
class coroutine_place;
class debug_watch;

/// Where this thread is: the loop that it runs, the task whose step it is in, and in a callback the
/// context that it was registered in.
struct position {
    loop_core* loop = nullptr;
    task_state* task = nullptr;
    context_ptr* callback_context = nullptr;
    coroutine_place** innermost = nullptr; // of that task's coroutines
    debug_watch* watch = nullptr;          // in debug mode
};

inline constinit thread_local position current{};

/// The child of a fork runs no loop, though the thread that forked may have.
inline void forget_position_in_child()
{
    [[maybe_unused]] static const int installed =
        ::pthread_atfork(nullptr, nullptr, [] { current = position{}; });
}

} // namespace rill::detail
