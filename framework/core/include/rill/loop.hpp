// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/clock.hpp>
#include <rill/detail/loop_core.hpp>
#include <rill/exception_context.hpp>
#include <rill/handle.hpp>
#include <rill/task.hpp>

#include <memory>
#include <stdexcept>
#include <type_traits>
#include <utility>

namespace rill {

/// The event loop: an io_context and what asyncio adds to one. Mirrors asyncio's event loop.
///
/// It owns an io_context, or is a view of yours: everything that Rill keeps for a loop lives in
/// the io_context itself, so several views of one are the same loop. Nothing of Rill needs this
/// class; a program that has an io_context can go on without it.
/// Thread safety: one thread at a time, except call_soon_threadsafe.
class loop {
public:
    loop();                                 ///< Owns its io_context.
    explicit loop(asio::io_context& adopt); ///< A view; `adopt` must outlive it.

    asio::io_context& context() noexcept;
    asio::io_context::executor_type get_executor() noexcept;

    /// The loop's clock. Mirrors loop.time().
    time_point time() const noexcept;

    /// `f()` is called once, after everything that is ready now. An exception that leaves it goes
    /// to the exception handler.
    template <class F>
    handle call_soon(F f);

    /// Not before `d` has passed; equal deadlines in the order in which they were set.
    template <class F>
    handle call_later(duration d, F f);
    template <class F>
    handle call_at(time_point t, F f);

    /// As call_soon, from any thread; it wakes a loop that waits.
    template <class F>
    void call_soon_threadsafe(F f);

    /// Runs until `main` has ended, and gives its result. Not to be called while a loop runs on
    /// this thread. Tasks that are left stay, and go on with the next run.
    template <class T>
    T run_until_complete(awaitable<T> main);
    template <class T>
    T run_until_complete(task<T> main);

    /// Runs until stop(). Mirrors loop.run_forever.
    void run_forever();

    /// Ends the run after the current step; what is ready stays for the next run.
    void stop();

    /// Cancels every task and runs until all have ended. Their errors go to the exception handler.
    void cancel_all_tasks();

    /// Called for each error that nobody is left to catch; empty restores the default, one line on
    /// standard error. A handler that throws is reported itself.
    void set_exception_handler(exception_handler handler);
    const exception_handler& get_exception_handler() const noexcept;
    void call_exception_handler(const exception_context& context) noexcept;

private:
    template <class F>
    void post(F f);
    template <class Run>
    void run_exclusively(Run run);
    void run_until_ended(detail::task_state& task);

    std::unique_ptr<asio::io_context> owned_;
    detail::loop_core* core_;
};

/// The loop that this thread runs; std::logic_error where there is none. Mirrors
/// asyncio.get_running_loop.
loop this_loop();

// Implementation

inline loop::loop()
    : owned_(std::make_unique<asio::io_context>(1))
    , core_(&detail::loop_core::of(*owned_))
{}

inline loop::loop(asio::io_context& adopt)
    : core_(&detail::loop_core::of(adopt))
{}

inline asio::io_context& loop::context() noexcept
{
    return core_->io();
}

inline asio::io_context::executor_type loop::get_executor() noexcept
{
    return core_->executor();
}

inline time_point loop::time() const noexcept
{
    return core_->now();
}

template <class F>
handle loop::call_soon(F f)
{
    detail::check_callback<F>();
    auto callback = detail::make_callback(*core_, core_->now(), std::move(f));
    callback->start_soon(callback);
    return handle(callback);
}

template <class F>
handle loop::call_later(duration d, F f)
{
    return call_at(detail::deadline_after(core_->now(), d), std::move(f));
}

template <class F>
handle loop::call_at(time_point t, F f)
{
    detail::check_callback<F>();
    auto callback = detail::make_callback(*core_, t, std::move(f));
    callback->start_later(callback);
    return handle(callback);
}

template <class F>
void loop::call_soon_threadsafe(F f)
{
    detail::check_callback<F>();
    if (detail::current.loop == core_) {
        call_soon(std::move(f));
        return;
    }
    asio::post(core_->io(), [core = core_, f = std::move(f)]() mutable {
        loop(core->io()).call_soon(std::move(f));
    });
}

/// One loop at a time runs on a thread.
template <class Run>
void loop::run_exclusively(Run run)
{
    if (detail::current.loop)
        throw std::logic_error("rill::loop: a loop is running on this thread already");
    const detail::step_scope step(core_, nullptr);
    core_->move_to_this_thread();
    core_->io().restart();
    run();
}

inline void loop::run_forever()
{
    run_exclusively([this] {
        const auto work = asio::make_work_guard(core_->io());
        core_->io().run();
    });
}

inline void loop::stop()
{
    core_->io().stop();
}

inline void loop::run_until_ended(detail::task_state& task)
{
    run_exclusively([&] {
        task.on_end = [](detail::task_state&, void* io) {
            static_cast<asio::io_context*>(io)->stop();
        };
        task.on_end_argument = &core_->io();
        if (!task.done())
            core_->io().run();
        task.on_end = nullptr;
    });
    if (!task.done())
        throw std::logic_error("rill::loop: it was stopped before the task had ended");
}

template <class T>
T loop::run_until_complete(task<T> main)
{
    run_until_ended(detail::data_of(main));
    return main.result();
}

template <class T>
T loop::run_until_complete(awaitable<T> main)
{
    if (detail::current.loop)
        throw std::logic_error("rill::loop: a loop is running on this thread already");
    const task<T> t = create_task(get_executor(), std::move(main), "main");
    auto& data = detail::data_of(t);
    run_until_ended(data);
    data.mark_retrieved();
    return std::move(data).value();
}

inline void loop::cancel_all_tasks()
{
    if (core_->tasks().empty())
        return;
    core_->tasks().for_each([](detail::task_state& task) { task.request_cancel(); });
    run_exclusively([this] {
        while (!core_->tasks().empty())
            core_->io().run_one();
    });
}

inline void loop::set_exception_handler(exception_handler handler)
{
    core_->set_exception_handler(std::move(handler));
}

inline const exception_handler& loop::get_exception_handler() const noexcept
{
    return core_->get_exception_handler();
}

inline void loop::call_exception_handler(const exception_context& context) noexcept
{
    core_->report(context);
}

inline loop this_loop()
{
    return loop(detail::loop_core::running().io());
}

} // namespace rill
