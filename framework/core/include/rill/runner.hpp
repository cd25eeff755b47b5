// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/debug.hpp>
#include <rill/detail/form.hpp>
#include <rill/loop.hpp>

#include <chrono>
#include <functional>
#include <optional>
#include <source_location>
#include <utility>

namespace rill::RILL_FORM {

class loop_thread;

/// Ctrl-C ended the run: main was cancelled by SIGINT, and by nobody else. Mirrors
/// KeyboardInterrupt.
class interrupted : public fatal_error {
public:
    interrupted()
        : fatal_error("rill: interrupted by SIGINT")
    {}
};

/// `run(main, rill::debug)`: with debug mode on; see debug.hpp.
struct debug_t {
    explicit debug_t() = default;
};

inline constexpr debug_t debug{};

/// How a runner makes, watches and ends its loop.
class runner_options {
public:
    runner_options() = default;

    runner_options(debug_t)
        : debug_(true)
    {}

    /// On or off; unset, the environment says it: RILL_DEBUG is 1, true, on or yes.
    runner_options& debug(bool on = true)
    {
        debug_ = on;
        return *this;
    }

    /// On, and how.
    runner_options& debug(const debug_options& options)
    {
        debug_ = true;
        debug_options_ = options;
        return *this;
    }

    /// Called once, to make the loop.
    runner_options& loop_factory(std::function<loop()> f)
    {
        factory_ = std::move(f);
        return *this;
    }

    /// How long the shutdown waits for shielded work before it cancels it. The default is 10 s.
    runner_options& shield_grace(duration d)
    {
        shield_grace_ = d;
        return *this;
    }

    /// How long the shutdown waits for calls in other threads before it leaves them to themselves.
    /// The default is 5 min.
    runner_options& executor_grace(duration d)
    {
        executor_grace_ = d;
        return *this;
    }

    /// Whether SIGINT cancels main; see runner::run. The default is true.
    runner_options& handle_sigint(bool on)
    {
        handle_sigint_ = on;
        return *this;
    }

    std::optional<bool> wants_debug() const noexcept { return debug_; }

    const debug_options& how_to_debug() const noexcept { return debug_options_; }

    const std::function<loop()>& loop_factory() const noexcept { return factory_; }

    duration shield_grace() const noexcept { return shield_grace_; }

    duration executor_grace() const noexcept { return executor_grace_; }

    bool handles_sigint() const noexcept { return handle_sigint_; }

private:
    std::optional<bool> debug_;
    debug_options debug_options_;
    std::function<loop()> factory_;
    duration shield_grace_ = std::chrono::seconds(10);
    duration executor_grace_ = std::chrono::minutes(5);
    bool handle_sigint_ = true;
};

/// Several runs on one loop, which ends with them. Mirrors asyncio.Runner.
///
/// The loop is made at its first use. Every function throws std::logic_error after close(), and
/// what was given to it never starts. Thread safety: none; all on one thread.
class runner {
public:
    explicit runner(runner_options options = {});
    ~runner(); ///< Closes it. Where a loop runs on this thread, what is left is dropped instead.

    runner(const runner&) = delete;
    runner& operator=(const runner&) = delete;

    /// Runs until `main` has ended, and gives its result or throws its exception unchanged. Tasks
    /// that are left go on with the next run. std::logic_error if a loop runs on this thread
    /// already; `main` is then destroyed without having run.
    ///
    /// It runs in the runner's context, which is a copy of that of the first use: variables that
    /// one run sets are seen by the next. Given `in`, it runs in that one instead. A task or future
    /// has its context already.
    ///
    /// On the main thread, and unless the program has said what SIGINT is to do, the first SIGINT
    /// cancels main with the message "SIGINT", and if main then ends as cancelled, `interrupted` is
    /// thrown; a second one ends the process. If somebody else cancelled main as well, its
    /// cancelled_error is thrown. Afterwards SIGINT is as it was before.
    template <class T>
    T run(
        awaitable<T> main,
        std::optional<context> in = std::nullopt,
        std::source_location place = std::source_location::current()
    );
    template <coroutine_function F>
    auto
    run(F main,
        std::optional<context> in = std::nullopt,
        std::source_location place = std::source_location::current());
    template <class Handle>
        requires detail::awaited_handle<Handle>
    typename Handle::value_type run(Handle main);

    /// The loop, to set it up before the first run.
    loop& get_loop();

    /// Ends the loop; harmless when repeated. In this order, and each step even if one before
    /// failed:
    ///
    /// 1. tasks are cancelled ("the loop shuts down") and waited for;
    /// 2. shielded work is waited for, within shield_grace, and then cancelled and waited for;
    /// 3. background tasks are cancelled and waited for;
    /// 4. generators that are left are closed;
    /// 5. calls in other threads are waited for, within executor_grace, and reported if that is over;
    /// 6. the loop is closed.
    ///
    /// What a task starts counts as its creator does. Errors go to the exception handler, each
    /// once.
    void close();

private:
    friend class loop_thread; // ends its loop in its own way

    void check_usable() const;
    void set_up();
    template <class Handle>
    typename Handle::value_type complete(const Handle& main, bool take);
    void run_to_end(detail::completion_state& main);
    void end_work();
    void end_tasks();
    void end_generators();
    void end_executor();
    void end_loop();
    void attempt(void (runner::*step)());

    runner_options options_;
    std::optional<loop> loop_; // empty before the first use
    std::optional<context> context_;
    bool closed_ = false;
};

// Implementation

template <class T>
T runner::run(awaitable<T> main, std::optional<context> in, std::source_location place)
{
    const detail::never_missed<awaitable<T>> refused(main);
    check_usable();
    set_up();
    task_options options("main");
    options.context(in ? *std::move(in) : *context_);
    const auto t = detail::start(
        detail::loop_access::core(*loop_), std::move(main), std::move(options), place
    );
    detail::handle_access::state(t)->is_main = true;
    return complete(t, true);
}

template <coroutine_function F>
auto runner::run(F main, std::optional<context> in, std::source_location place)
{
    return run(detail::call_stored(std::move(main)), std::move(in), place);
}

template <class Handle>
    requires detail::awaited_handle<Handle>
typename Handle::value_type runner::run(Handle main)
{
    check_usable();
    set_up();
    return complete(main, false);
}

template <class Handle>
typename Handle::value_type runner::complete(const Handle& main, bool take)
{
    run_to_end(detail::handle_access::data(main));
    return detail::take_result(main, take);
}

} // namespace rill::RILL_FORM

#ifndef RILL_SEPARATE_COMPILATION
#include <rill/impl/runner.ipp>
#endif
