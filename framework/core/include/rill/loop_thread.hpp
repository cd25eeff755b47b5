// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/detail/form.hpp>
#include <rill/loop.hpp>
#include <rill/runner.hpp>

#include <boost/asio/io_context.hpp>

#include <memory>
#include <string>

namespace rill::RILL_FORM {

/// A loop in a thread of its own, from the constructor to the destructor. Mirrors the thread with
/// run_forever() of asyncio's programs, and run_coroutine_threadsafe as the way in.
///
///     asio::io_context pool;           // run by as many threads as you like
///     rill::loop_thread worker("db");  // everything of Rill's lives in here
///
///     co_await rill::run_on(worker, lookup(name)); // in any coroutine, on a strand of the pool say
///
/// It is what a program needs whose own io_context is run by several threads, since a loop is one
/// thread. run_on and async_run_on bring coroutines in and results out, asio::post functions.
///
/// stop() ends it as a runner ends (see runner::close): tasks are cancelled and waited for, shielded
/// work and calls in other threads within the graces of the options. Tasks that never end hold
/// join() and the destructor up. Who waits in run_on for one that was ended so, or comes later, gets
/// errc::loop_ended. It does not start again: make another one.
///
/// Errors that nobody is left to catch go to the loop's exception handler, to standard error if that
/// was not set (by this_loop(), in a task of this loop). What leaves the run, a fatal_error or the
/// exception of a handler of Asio's, is reported there too, and ends this loop and no other.
///
/// In a child of fork() the thread does not exist: there the destructor leaves everything alone,
/// and stop() and join() throw std::logic_error.
/// Thread safety: all functions may be called from any thread, but the destructor and join() from
/// one at a time, and not from the loop's own.
class loop_thread {
public:
    using executor_type = asio::io_context::executor_type;

    /// Returns when the loop runs. The system shows the name, or the beginning of a long one. The
    /// options say how it is debugged, and how long it waits at its end; std::invalid_argument if
    /// they have a loop_factory, since it makes its loop itself.
    explicit loop_thread(std::string name = "rill loop", runner_options options = {});

    /// stop() and join(). On the loop's own thread, where that could never end, the program is ended
    /// with a sentence.
    ~loop_thread();

    loop_thread(const loop_thread&) = delete;
    loop_thread& operator=(const loop_thread&) = delete;

    /// The io_context lives as long as this: what is posted to it after the end is destroyed with it,
    /// without being called.
    executor_type get_executor() const noexcept;
    asio::io_context& context() const noexcept;

    /// A view, for call_soon_threadsafe and run_coroutine_threadsafe; closed when the loop has ended.
    loop get_loop() const;

    /// Begins the end, behind what was posted before; harmless when repeated.
    void stop();

    /// Waits until the thread has ended. std::logic_error on the loop's own thread.
    void join();

    const std::string& name() const noexcept;

private:
    class state;

    std::unique_ptr<state> state_;
};

} // namespace rill::RILL_FORM

#ifndef RILL_SEPARATE_COMPILATION
#include <rill/impl/loop_thread.ipp>
#endif
