// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/loop.hpp>
#include <rill/testing/manual_clock.hpp>

#include <source_location>
#include <stdexcept>
#include <string>
#include <vector>

namespace rill::testing {

/// A loop for tests: its clock stands still unless the test moves it, so that hours pass in
/// microseconds and nothing depends on how fast the machine is.
///
/// It runs when it is told to: settle() until nothing is ready, advance() through the deadlines,
/// run() until a coroutine has ended. Sockets work, but real time does not pass for them: a test
/// that needs the network to answer runs an ordinary loop.
class loop {
public:
    loop();
    ~loop();

    loop(const loop&) = delete;
    loop& operator=(const loop&) = delete;

    asio::io_context& context() noexcept;
    asio::io_context::executor_type executor() noexcept;

    /// The loop itself, for call_soon and the like.
    rill::loop& get() noexcept;

    time_point now() const noexcept;

    /// Runs until every task is blocked and nothing is ready. No time passes.
    void settle();

    /// Moves the clock by `d`, stopping at each deadline on the way to let its waiters run.
    void advance(duration d);

    /// Runs what is ready next, one thing at a time after one_step_at_a_time(). False if nothing is.
    bool step();

    /// From now on step() runs one callback or one step of a task, and not all that are ready.
    void one_step_at_a_time() noexcept;

    /// Moves the clock to the next deadline, whose waiters are ready then. False if there is none.
    bool jump();

    /// Starts a task; settle() runs it.
    template <class T>
    task<T> spawn(
        awaitable<T> body,
        task_options options = {},
        std::source_location place = std::source_location::current()
    );
    template <coroutine_function F>
    auto spawn(
        F body,
        task_options options = {},
        std::source_location place = std::source_location::current()
    );

    /// Runs `body` to its end, jumping from deadline to deadline, and gives its result. Throws
    /// std::logic_error, naming the tasks that wait, if nothing is left that could wake it.
    template <class T>
    T run(awaitable<T> body);
    template <coroutine_function F>
    auto run(F body);

    /// Errors that reached the exception handler, as one line each.
    const std::vector<std::string>& reported() const noexcept;
    void forget_reported() noexcept;

    /// What is left behind, one line each: tasks that have not ended, timers that are armed,
    /// errors reported and not forgotten. Empty is how a test should end.
    std::vector<std::string> leftovers() const;

private:
    bool jump_and_settle(time_point limit);

    manual_clock clock_;
    rill::loop loop_;
    detail::loop_core& core_;
    std::vector<std::string> reported_;
};

// Implementation

inline loop::loop()
    : core_(detail::loop_core::of(loop_.context()))
{
    core_.set_clock(&clock_);
    loop_.set_exception_handler([this](const exception_context& context) {
        reported_.push_back(to_string(context));
    });
}

inline loop::~loop()
{
    loop_.set_exception_handler({});
    core_.set_clock(nullptr);
}

inline asio::io_context& loop::context() noexcept
{
    return loop_.context();
}

inline asio::io_context::executor_type loop::executor() noexcept
{
    return loop_.get_executor();
}

inline rill::loop& loop::get() noexcept
{
    return loop_;
}

inline time_point loop::now() const noexcept
{
    return clock_.now();
}

inline void loop::settle()
{
    context().restart();
    while (context().poll() > 0)
        continue;
}

inline bool loop::step()
{
    context().restart();
    return context().poll_one() > 0;
}

inline void loop::one_step_at_a_time() noexcept
{
    core_.set_batch(1);
}

inline bool loop::jump()
{
    if (core_.timers().empty())
        return false;
    clock_.move_to(core_.timers().next());
    core_.fire_due();
    return true;
}

/// Goes to the next deadline, if it is not after `limit`, and settles.
inline bool loop::jump_and_settle(time_point limit)
{
    if (core_.timers().next() > limit || !jump())
        return false;
    settle();
    return true;
}

inline void loop::advance(duration d)
{
    const time_point end = detail::deadline_after(now(), d);
    settle();
    while (jump_and_settle(end))
        continue;
    clock_.move_to(end);
    settle();
}

template <class T>
task<T> loop::spawn(awaitable<T> body, task_options options, std::source_location place)
{
    return create_task(executor(), std::move(body), std::move(options), place);
}

template <coroutine_function F>
auto loop::spawn(F body, task_options options, std::source_location place)
{
    return create_task(executor(), std::move(body), std::move(options), place);
}

template <class T>
T loop::run(awaitable<T> body)
{
    const task<T> main = spawn(std::move(body), "main");
    settle();
    while (!main.done() && jump_and_settle(never))
        continue;
    if (!main.done()) {
        std::string text = "rill::testing::loop: nothing is left that could wake";
        for (const std::string& line : leftovers())
            text += "\n  " + line;
        throw std::logic_error(text);
    }
    auto& data = detail::data_of(main);
    data.mark_retrieved();
    return std::move(data).value();
}

template <coroutine_function F>
auto loop::run(F body)
{
    return run(detail::call_stored(std::move(body)));
}

inline const std::vector<std::string>& loop::reported() const noexcept
{
    return reported_;
}

inline void loop::forget_reported() noexcept
{
    reported_.clear();
}

inline std::vector<std::string> loop::leftovers() const
{
    std::vector<std::string> lines;
    core_.tasks().for_each([&](const detail::task_state& task) {
        lines.push_back("task '" + task.name() + "' has not ended");
    });
    if (!core_.timers().empty())
        lines.push_back(std::to_string(core_.timers().size()) + " timers are armed");
    for (const std::string& error : reported_)
        lines.push_back("reported: " + error);
    return lines;
}

} // namespace rill::testing
