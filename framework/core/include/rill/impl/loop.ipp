// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/detail/loop/leftovers.hpp>
#include <rill/detail/loop/one_thread.hpp>
#include <rill/detail/watch/debug_mode.hpp>
#include <rill/future.hpp>
#include <rill/loop.hpp>
#include <rill/thread_pool.hpp>

#include <concepts>
#include <type_traits>

namespace rill::RILL_FORM {

RILL_DECL loop::loop()
    : owned_(std::make_unique<asio::io_context>(detail::run_by_one_thread))
    , core_(&detail::loop_core::of(*owned_))
    , mail_(&core_->mail())
{}

RILL_DECL detail::loop_core& loop::core() const
{
    if (is_closed())
        detail::refuse_closed_loop();
    return *core_;
}

RILL_DECL void loop::run_forever()
{
    run_exclusively([this] {
        const auto work = asio::make_work_guard(core_->io());
        run_until_stopped();
    });
}

/// A stop that came before waits until the sockets have been looked at, and goes behind what is
/// ready then.
RILL_DECL void loop::run_until_stopped()
{
    asio::io_context& io = core_->io();
    const auto pass = std::make_shared<bool>(core_->stopped_before.exchange(false));
    const auto stop = [&io, this_pass = std::weak_ptr(pass)] {
        if (!this_pass.expired())
            io.stop();
    };
    if (*pass)
        asio::post(io, [this, stop] { call_soon(stop); });
    io.run();
}

RILL_DECL bool loop::run_once()
{
    bool ran = false;
    run_exclusively([&] { ran = core_->io().run_one() > 0; });
    return ran;
}

RILL_DECL bool loop::poll_one()
{
    bool ran = false;
    run_exclusively([&] { ran = core_->io().poll_one() > 0; });
    return ran;
}

RILL_DECL void loop::poll()
{
    run_exclusively([this] { core_->io().poll(); });
}

RILL_DECL void loop::run_until_ended(detail::completion_state& state)
{
    if (state.core() != &core())
        throw std::logic_error("rill::loop: " + state.description() + " belongs to another loop");
    run_exclusively([&] {
        if (state.done())
            return;
        const detail::end_hook stop(*core_, state, [this] { core_->io().stop(); });
        run_until_stopped();
    });
    if (!state.done())
        throw std::logic_error(
            "rill::loop: it was stopped before " + state.description() + " had ended"
        );
}

RILL_DECL void loop::cancel_all_tasks()
{
    detail::check_no_loop_runs_here();
    detail::leftovers all(core(), [this] { return run_once(); });
    all.end(&decltype(all)::any);
}

RILL_DECL void loop::close()
{
    if (is_closed()) {
        owned_.reset();
        return;
    }
    if (is_running())
        throw std::logic_error("rill::loop: it cannot be closed while it runs");
    if (owned_) {
        owned_.reset();
        return;
    }
    core_->renew();
    const auto why = detail::make_reason(cancel_origin::shutdown, "the loop was closed");
    for (const task_ref& task : detail::tasks_of(*core_))
        detail::task_access::data(task).request_cancel(why);
}

RILL_DECL bool loop::is_running() const
{
    return !is_closed() && (core_->being_run || mail_->runs_here());
}

RILL_DECL void loop::call_exception_handler(const exception_context& context) noexcept
{
    detail::loop_core::report_to(is_closed() ? nullptr : core_, context);
}

RILL_DECL void loop::set_task_factory(task_factory f)
{
    if (f)
        core().task_factory = detail::stored_task_factory{std::move(f)};
    else
        core().task_factory = nullptr;
}

RILL_DECL task_factory loop::get_task_factory() const
{
    const auto* stored = core().task_factory.target<detail::stored_task_factory>();
    return stored ? stored->call : task_factory();
}

RILL_DECL void loop::set_default_executor(std::shared_ptr<thread_pool> pool)
{
    if (!pool)
        throw std::invalid_argument("rill::loop: the default executor cannot be null");
    core().default_executor = detail::never_waited_for(std::move(pool));
}

RILL_DECL void loop::set_debug(bool on)
{
    if (on)
        set_debug(debug_options());
    else
        core().set_debug(nullptr);
}

RILL_DECL loop this_loop()
{
    return loop(detail::loop_core::running().io());
}

} // namespace rill::RILL_FORM

namespace rill::RILL_FORM::detail {

RILL_DECL void refuse_closed_loop()
{
    throw std::logic_error("rill::loop: the loop is closed");
}

RILL_DECL void check_no_loop_runs_here()
{
    if (current.loop)
        throw std::logic_error("rill::loop: a loop is running on this thread already");
}

RILL_DECL loop_core& loop_access::core(const loop& l)
{
    return l.core();
}

RILL_DECL void loop_access::run_until_ended(loop& l, completion_state& state)
{
    l.run_until_ended(state);
}

RILL_DECL loop_core* loop_access::address(const loop& l) noexcept
{
    return l.core_;
}

RILL_DECL const mailbox_ptr& loop_access::mail(const loop& l) noexcept
{
    return l.mail_;
}

RILL_DECL void stored_task_factory::operator()(task_state& task) const
{
    call(task_ref(task));
}

} // namespace rill::RILL_FORM::detail

namespace rill::RILL_FORM {

RILL_DECL asio::io_context& loop::context() const
{
    return core().io();
}

RILL_DECL asio::io_context::executor_type loop::get_executor() const
{
    return core().executor();
}

RILL_DECL time_point loop::time() const
{
    return core().now();
}

RILL_DECL random_source& loop::random() const
{
    return core().random;
}

RILL_DECL void loop::stop()
{
    if (!is_running())
        core().stopped_before = true;
    core().io().stop();
}

RILL_DECL bool loop::is_closed() const noexcept
{
    return !mail_ || mail_->closed();
}

RILL_DECL void loop::set_exception_handler(exception_handler handler)
{
    core().set_exception_handler(std::move(handler));
}

RILL_DECL const exception_handler& loop::get_exception_handler() const
{
    return core().get_exception_handler();
}

RILL_DECL void loop::set_eager_tasks(bool on)
{
    core().eager_tasks = on;
}

RILL_DECL bool loop::get_eager_tasks() const
{
    return core().eager_tasks;
}

RILL_DECL void loop::set_debug(const debug_options& options)
{
    detail::set_debug(core(), options);
}

RILL_DECL bool loop::get_debug() const
{
    return core().debug != nullptr;
}

RILL_DECL void loop::notify_fork(asio::execution_context::fork_event event)
{
    core().io().notify_fork(event);
}

} // namespace rill::RILL_FORM
