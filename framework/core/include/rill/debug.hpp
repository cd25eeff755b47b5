// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/clock.hpp>
#include <rill/detail/form.hpp>

#include <chrono>
#include <functional>
#include <string>
#include <utility>

namespace rill::RILL_FORM {

/// How debug mode watches a loop: `rill::run(main, rill::debug)`, `RILL_DEBUG=1`, which is heeded
/// whoever runs the loop, or loop.set_debug(true). Mirrors asyncio's debug mode. Its findings go to the loop's exception
/// handler, with the places and the calls that they come from:
///
/// - a step or a callback that keeps the loop for longer than slow_step, with the calls that the
///   thread was in meanwhile. Time in which the machine ran something else does not count;
/// - coroutines that nobody has awaited, and tasks that are destroyed before their end. What a task
///   drops that is told to stop is not missed, nor what a function of Rill's refuses to start;
/// - the use of a loop's object by another thread than the one that runs the loop, with the names of
///   the object and of both; call_soon and create_task throw std::logic_error then;
/// - streams that are open when their loop ends;
/// - a mutex that another task than its holder unlocks.
///
/// Steps that Asio runs by itself, plain handlers of the program's own, are not watched. While it
/// is off nothing of this is checked; it costs some microseconds for each step, task and coroutine.
/// It has a thread of its own for each loop, and takes SIGURG unless the program handles that.
class debug_options {
public:
    debug_options() {}

    /// 100 ms, or what the environment says in RILL_DEBUG_SLOW_STEP_MS.
    debug_options& slow_step(duration d)
    {
        slow_ = d;
        return *this;
    }

    /// A step that lasts for so long is reported while it lasts: it may never end. 5 s.
    debug_options& hang(duration d)
    {
        hang_ = d;
        return *this;
    }

    /// Is given that report, in a thread of debug mode's own. It goes to standard error otherwise.
    debug_options& on_hang(std::function<void(const std::string&)> f)
    {
        on_hang_ = std::move(f);
        return *this;
    }

    /// Whether the calls that lead to each task, future, callback and coroutine are remembered. On.
    debug_options& traces(bool on)
    {
        traces_ = on;
        return *this;
    }

    duration slow_step() const noexcept { return slow_; }

    duration hang() const noexcept { return hang_; }

    const std::function<void(const std::string&)>& on_hang() const noexcept { return on_hang_; }

    bool traces() const noexcept { return traces_; }

private:
    static duration slow_step_in_environment();

    duration slow_ = slow_step_in_environment();
    duration hang_ = std::chrono::seconds(5);
    std::function<void(const std::string&)> on_hang_;
    bool traces_ = true;
};

} // namespace rill::RILL_FORM

#ifndef RILL_SEPARATE_COMPILATION
#include <rill/impl/debug.ipp>
#endif
