// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/cancel_scope.hpp>
#include <rill/detail/fail_wait.hpp>
#include <rill/detail/form.hpp>
#include <rill/detail/simulation.hpp>
#include <rill/event.hpp>
#include <rill/exception_group.hpp>
#include <rill/introspect.hpp>
#include <rill/task_group.hpp>
#include <rill/testing/failure.hpp>
#include <rill/testing/loop.hpp>

#include <cstddef>
#include <cstdint>
#include <exception>
#include <stdexcept>
#include <string>
#include <utility>

namespace rill::RILL_FORM::testing {

/// What happens to a scenario at one of its points.
enum class interruption {
    none,
    cancel,          // its main task is cancelled
    timeout,         // the time of a scope around main is over
    error,           // what main waits for fails with operation_aborted; nobody is cancelled
    sibling_failure, // another member of a task group around main fails
};

/// In words: "cancelled".
std::string to_string(interruption how);

/// One run of a program on a loop of its own, which is interrupted at one point. See
/// at_every_suspension, which makes them.
///
/// A point lies between two steps of its tasks and callbacks, or between a deadline and what it
/// wakes: there everything is suspended.
class scenario {
public:
    scenario() = default; ///< Left alone.

    static constexpr std::size_t nowhere = SIZE_MAX;

    /// Interrupted before step `point`, counted from 0, of `points`, or `nowhere`.
    scenario(interruption how, std::size_t point, std::size_t points);

    scenario(const scenario&) = delete;
    scenario& operator=(const scenario&) = delete;

    testing::loop& loop() noexcept { return loop_; }

    asio::io_context::executor_type executor() noexcept { return loop_.executor(); }

    /// Runs `main` and all that it starts to the end, once.
    ///
    /// Throws what main throws, but for the interruption itself: then completed() is false. An
    /// operation that fails may end main with any exception that is no std::logic_error. Throws
    /// failure if nothing is left that could wake main, if it does not end in a million steps, if
    /// anything is left behind (loop::leftovers), and where require() was not satisfied.
    template <coroutine_function F>
    void run(F main);

    /// Something that must hold, whichever way main ends: throws failure(what) if it does not. So
    /// does run() in the end, should main or one of its tasks keep that to itself.
    void require(bool holds, const std::string& what);

    /// Whether main came to its end.
    bool completed() const noexcept { return completed_; }

    /// Points that main passed, and it is at one of them before its first step.
    std::size_t steps() const noexcept { return steps_; }

    /// "cancelled at point 3 of 12, where main waited for an item of a queue at orders.cpp:42"
    std::string description() const;

    /// The tree of tasks as it was before the interruption; empty if there was none.
    const std::string& tasks() const noexcept { return tasks_; }

private:
    class sibling_failed;

    static constexpr std::size_t most_steps = 1'000'000;

    template <class F>
    awaitable<void> around(F main);
    template <class F>
    awaitable<void> beside_failure(F& main);

    bool go_on();
    void run_to_end(task<void>& main);
    void interrupt(task<void>& main);
    void note_place(const task<void>& main);
    void end_what_hangs();
    void check_end(const task<void>& main) const;
    bool is_of_interruption(const std::exception_ptr& error) const;

    testing::loop loop_;
    interruption how_ = interruption::none;
    std::size_t point_ = nowhere;
    std::size_t points_ = 0;
    std::size_t steps_ = 0;
    bool begun_ = false;
    bool reached_ = false;          // the point
    bool operation_failed_ = false; // for interruption::error
    bool completed_ = false;
    std::string place_; // where main was at the point
    std::string tasks_;
    std::string broken_; // the first requirement that did not hold
    cancel_scope scope_;
    event sibling_fails_{loop_.executor()};
};

// Implementation

/// What the sibling throws.
class scenario::sibling_failed : public std::runtime_error {
public:
    sibling_failed()
        : runtime_error("the sibling fails")
    {}
};

inline std::string to_string(interruption how)
{
    switch (how) {
    case interruption::none: return "left alone";
    case interruption::cancel: return "cancelled";
    case interruption::timeout: return "timed out";
    case interruption::error: return "failed";
    case interruption::sibling_failure: return "beside a failure";
    }
    return "";
}

inline scenario::scenario(interruption how, std::size_t point, std::size_t points)
    : how_(how)
    , point_(point)
    , points_(points)
{}

template <coroutine_function F>
void scenario::run(F main)
{
    if (std::exchange(begun_, true))
        throw std::logic_error("rill::testing::scenario: it runs once");
    loop_.one_step_at_a_time();
    task<void> outer = loop_.spawn(around(std::move(main)), "main");
    run_to_end(outer);
    check_end(outer);
}

template <class F>
awaitable<void> scenario::around(F main)
{
    if (how_ == interruption::timeout) {
        completed_ = co_await scope_.run(std::ref(main));
    } else if (how_ == interruption::sibling_failure) {
        co_await beside_failure(main);
    } else {
        co_await main();
        completed_ = true;
    }
}

template <class F>
awaitable<void> scenario::beside_failure(F& main)
{
    const auto sibling = [this]() -> awaitable<void> {
        co_await sibling_fails_.wait();
        throw sibling_failed();
    };
    const auto both = [&](task_group& group) -> awaitable<void> {
        group.create_task(sibling, "sibling");
        co_await main();
        completed_ = true;
        group.cancel();
    };
    co_await with_task_group(both);
}

inline bool scenario::go_on()
{
    return loop_.step() || loop_.go_on();
}

inline void scenario::run_to_end(task<void>& main)
{
    std::string why;
    for (; !main.done() && why.empty(); ++steps_) {
        if (steps_ == point_)
            interrupt(main);
        if (!go_on())
            why = "nothing is left that could wake 'main'";
        else if (steps_ == most_steps)
            why = "'main' does not come to its end";
    }
    for (std::size_t after = 0; why.empty() && go_on(); ++after)
        if (after == most_steps)
            why = "'main' has ended, and its tasks do not come to theirs";
    if (why.empty())
        return;
    why += "\n" + loop_.tasks();
    end_what_hangs();
    throw failure(why);
}

inline void scenario::interrupt(task<void>& main)
{
    reached_ = true;
    note_place(main);
    switch (how_) {
    case interruption::none: break;
    case interruption::cancel: main.cancel(); break;
    case interruption::timeout: scope_.cancel(); break;
    case interruption::error:
        operation_failed_ = simulation::fail_wait(extend::data_of(main));
        break;
    case interruption::sibling_failure: sibling_fails_.set(); break;
    }
}

inline void scenario::note_place(const task<void>& main)
{
    const task_info info = describe(main);
    if (info.state == activity::fresh)
        place_ = "before main began";
    else
        place_ = "where main waited for " + info.waits_for + extend::at(info.where);
    tasks_ = loop_.tasks();
}

/// Their frames go while what they refer to is still there. A second request is meant for cleanups.
inline void scenario::end_what_hangs()
{
    for (int request = 0; request < 2; ++request) {
        for (task_ref t : all_tasks(loop_.executor()))
            t.cancel();
        for (int steps = 0; steps < 1000 && go_on(); ++steps)
            continue;
    }
}

inline void scenario::check_end(const task<void>& main) const
{
    const std::exception_ptr error = main.exception();
    if (!broken_.empty())
        throw failure(broken_);
    if (error && !is_of_interruption(error))
        std::rethrow_exception(error);
    if (main.cancelled() && completed_)
        throw failure("'main' came to its end, and was cancelled as well");
    std::string left;
    for (const std::string& line : loop_.leftovers())
        left += "\n  " + line;
    if (!left.empty())
        throw failure("main left behind:" + left + "\n" + loop_.tasks());
}

inline bool scenario::is_of_interruption(const std::exception_ptr& error) const
{
    if (!reached_ || how_ == interruption::none)
        return false;
    if (is_cancellation(error))
        return true;
    try {
        std::rethrow_exception(error);
    } catch (const exception_group& group) {
        if (how_ == interruption::sibling_failure)
            return !group.split<sibling_failed>().second;
        return operation_failed_ && !group.split<std::logic_error>().first;
    } catch (const std::logic_error&) {
        return false;
    } catch (const std::exception&) {
        return operation_failed_;
    } catch (...) {
        return false;
    }
}

inline void scenario::require(bool holds, const std::string& what)
{
    if (holds)
        return;
    if (broken_.empty())
        broken_ = what;
    throw failure(what);
}

inline std::string scenario::description() const
{
    if (how_ == interruption::none || point_ == nowhere)
        return to_string(interruption::none);
    const std::string text = to_string(how_) + " at point " + std::to_string(point_ + 1) + " of " +
                             std::to_string(points_);
    return reached_ ? text + ", " + place_ : text + ", which was not reached";
}

} // namespace rill::RILL_FORM::testing
