// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/detail/loop/one_thread.hpp>
#include <rill/loop_thread.hpp>

#include <pthread.h>
#include <unistd.h>

#include <exception>
#include <future>
#include <stdexcept>
#include <thread>
#include <utility>

namespace rill::RILL_FORM {

class loop_thread::state {
public:
    state(std::string name, runner_options options)
        : name(std::move(name))
        , core(detail::loop_core::of(io))
        , mail(&core.mail())
    {
        if (options.loop_factory())
            throw std::invalid_argument("rill::loop_thread: it makes its loop itself");
        options.loop_factory([this] { return loop(io); });
        thread = std::thread([this, options = std::move(options)] { run(options); });
        try {
            started_.get_future().get();
        } catch (...) {
            thread.join();
            throw;
        }
    }

    /// Stops a run that goes on, and does not disturb what comes after it.
    void stop()
    {
        mail->post([this] {
            if (in_run_)
                io.stop();
        });
    }

    bool is_here() const noexcept { return thread.get_id() == std::this_thread::get_id(); }

    bool in_child() const noexcept { return ::getpid() != process_; }

    void refuse_in_child() const
    {
        if (in_child())
            throw std::logic_error("rill::loop_thread: a child of fork() has no such thread");
    }

    const std::string name;
    asio::io_context io{detail::run_by_one_thread};
    detail::loop_core& core;
    const detail::mailbox_ptr mail;
    std::thread thread;

private:
    void run(const runner_options& options)
    {
        ::pthread_setname_np(::pthread_self(), name.substr(0, 15).c_str());
        runner runs(options);
        if (!begin(runs))
            return;
        run_forever(runs);
        runs.end_work();
        core.retire();
    }

    /// False if the constructor throws.
    bool begin(runner& runs)
    {
        try {
            runs.get_loop().call_soon([this] { started_.set_value(); });
            return true;
        } catch (...) {
            started_.set_exception(std::current_exception());
            return false;
        }
    }

    void run_forever(runner& runs)
    {
        in_run_ = true;
        try {
            runs.get_loop().run_forever();
        } catch (...) {
            core.report({"loop thread '" + name + "' ends by an error", std::current_exception()});
        }
        in_run_ = false;
    }

    const ::pid_t process_ = ::getpid();
    std::promise<void> started_;
    bool in_run_ = false; // the thread's own
};

RILL_DECL loop_thread::loop_thread(std::string name, runner_options options)
    : state_(std::make_unique<state>(std::move(name), std::move(options)))
{}

RILL_DECL loop_thread::~loop_thread()
{
    if (state_->in_child()) {
        static_cast<void>(state_.release()); // others may have held its locks at the fork
        return;
    }
    stop();
    join();
}

RILL_DECL loop_thread::executor_type loop_thread::get_executor() const noexcept
{
    return state_->io.get_executor();
}

RILL_DECL asio::io_context& loop_thread::context() const noexcept
{
    return state_->io;
}

RILL_DECL loop loop_thread::get_loop() const
{
    return loop(state_->io);
}

RILL_DECL void loop_thread::stop()
{
    state_->refuse_in_child();
    state_->stop();
}

RILL_DECL void loop_thread::join()
{
    state_->refuse_in_child();
    if (state_->is_here())
        throw std::logic_error(
            "rill::loop_thread: its own thread cannot wait for its end: stop it here, and join or "
            "destroy it in another thread"
        );
    if (state_->thread.joinable())
        state_->thread.join();
}

RILL_DECL const std::string& loop_thread::name() const noexcept
{
    return state_->name;
}

} // namespace rill::RILL_FORM
