// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/context.hpp>
#include <rill/detail/form.hpp>

#include <utility>

namespace rill::RILL_FORM::detail {

class loop_core;
class task_promise;
class task_state;
class coroutine_place;
class debug_watch;

/// The coroutines of a task.
struct coroutine_chain {
    coroutine_place* innermost = nullptr;
    task_promise* outermost = nullptr; // the frame below them all; null once they have ended
};

/// For loops that are not in debug mode.
RILL_ONE_PER_PROGRAM inline debug_watch* nobody_watches = nullptr;

/// Where this thread is: the loop that it runs, the task whose step it is in, and the context of
/// whatever else this is, a callback say.
struct thread_position {
    loop_core* loop = nullptr;
    task_state* task = nullptr;
    context_ptr* variables = nullptr;            // where they are not those of the task
    coroutine_chain* coroutines = nullptr;       // of that task
    debug_watch* const* watch = &nobody_watches; // of that loop; it may come and go meanwhile
};

RILL_ONE_PER_PROGRAM inline constinit thread_local thread_position current{};

/// While it lives, what runs on this thread has these variables: a callback's, or those of a task
/// that has ended.
class variables_of {
public:
    explicit variables_of(context_ptr& c) noexcept
        : before_(std::exchange(current.variables, &c))
    {}

    ~variables_of() { current.variables = before_; }

    variables_of(const variables_of&) = delete;
    variables_of& operator=(const variables_of&) = delete;

private:
    context_ptr* before_;
};

/// While it lives, coroutines that are dropped are not missed: somebody has decided so.
class unwatched {
public:
    unwatched() noexcept
        : before_(std::exchange(current.watch, &nobody_watches))
    {}

    ~unwatched() { current.watch = before_; }

    unwatched(const unwatched&) = delete;
    unwatched& operator=(const unwatched&) = delete;

private:
    debug_watch* const* before_;
};

/// The child of a fork runs no loop, though the thread that forked may have.
void forget_position_in_child();

} // namespace rill::RILL_FORM::detail

#ifndef RILL_SEPARATE_COMPILATION
#include <rill/impl/thread_position.ipp>
#endif
