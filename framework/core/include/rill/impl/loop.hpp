// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/loop.hpp>

namespace rill::RILL_FORM {

namespace detail {

[[noreturn]] void refuse_closed_loop();

void check_no_loop_runs_here();

/// The way into a loop, for the rest of the library.
struct loop_access {
    static loop_core& core(const loop& l);

    static void run_until_ended(loop& l, completion_state& state);

    /// For other threads: the core is not to be touched there, and only named.
    static loop_core* address(const loop& l) noexcept;

    static const mailbox_ptr& mail(const loop& l) noexcept;
};

/// Queues `f()` behind what is ready; false if the loop is gone, and `f` with it. On other threads
/// the core is not touched, and only named.
template <class F>
[[nodiscard]] bool
call_from_any_thread(loop_core& core, const mailbox_ptr& mail, F f, std::source_location place)
{
    auto callback = make_callback(core, never, std::move(f), place);
    if (mail->runs_here()) {
        callback->start_soon(callback);
        return true;
    }
    auto deliver = [callback = std::move(callback), mail] {
        if (!mail->closed())
            callback->start_soon(callback);
    };
    return mail->post(std::move(deliver));
}

/// A task_factory in the form in which the loop calls it.
struct stored_task_factory {
    task_factory call;

    void operator()(task_state& task) const;
};

/// Calls something when a task or future has ended, unless it is gone by then.
template <class F>
class end_hook {
public:
    end_hook(loop_core& core, completion_state& state, F f)
        : callback_(make_callback(core, never, std::move(f)))
    {
        callback_->start_at_end_of(state, callback_);
    }

    ~end_hook() { callback_->cancel(); }

    end_hook(const end_hook&) = delete;
    end_hook& operator=(const end_hook&) = delete;

private:
    std::shared_ptr<callback> callback_;
};

} // namespace detail

inline loop::loop(asio::io_context& adopt)
    : core_(&detail::loop_core::of(adopt))
    , mail_(&core_->mail())
{}

template <class F>
handle loop::call_soon(F f, std::source_location place)
{
    detail::check_callback<F>();
    core().check_caller();
    auto callback = detail::make_callback(core(), core().now(), std::move(f), place);
    callback->start_soon(callback);
    return handle(callback);
}

template <class F>
handle loop::call_later(duration d, F f, std::source_location place)
{
    core().check_caller();
    return call_at(detail::deadline_after(core().now(), d), std::move(f), place);
}

template <class F>
handle loop::call_at(time_point t, F f, std::source_location place)
{
    detail::check_callback<F>();
    core().check_caller();
    auto callback = detail::make_callback(core(), t, std::move(f), place);
    callback->start_later(callback);
    return handle(callback);
}

template <class F>
threadsafe_handle loop::call_soon_threadsafe(F f, std::source_location place)
{
    detail::check_callback<F>();
    if (!mail_)
        detail::refuse_closed_loop();
    const auto claim = std::make_shared<detail::callback_claim_of<F>>(std::move(f));
    const auto call = [claim] { claim->call(); };
    if (!detail::call_from_any_thread(*core_, mail_, call, place))
        detail::refuse_closed_loop();
    return threadsafe_handle(claim);
}

template <class Run>
void loop::run_exclusively(Run run)
{
    class mark {
    public:
        explicit mark(std::atomic<bool>& running)
            : running_(running)
        {
            if (running_.exchange(true))
                throw std::logic_error("rill::loop: another thread runs this loop");
        }

        ~mark() { running_ = false; }

        mark(const mark&) = delete;
        mark& operator=(const mark&) = delete;

    private:
        std::atomic<bool>& running_;
    };

    detail::loop_core& c = core();
    detail::check_no_loop_runs_here();
    const mark running(c.being_run);
    const detail::step_scope step(&c, nullptr);
    c.move_to_this_thread();
    c.io().restart();
    run();
    c.io().restart(); // for a run of the program's own
}

template <class Handle>
    requires detail::awaited_handle<Handle>
typename Handle::value_type loop::run_until_complete(Handle main)
{
    run_until_ended(detail::handle_access::data(main));
    return detail::take_result(main, false);
}

template <class T>
T loop::run_until_complete(awaitable<T> main, std::source_location place)
{
    const detail::never_missed<awaitable<T>> refused(main);
    detail::check_no_loop_runs_here();
    const task<T> t = detail::start(core(), std::move(main), "main", place);
    detail::handle_access::state(t)->is_main = true;
    run_until_ended(*detail::handle_access::state(t));
    return detail::take_result(t, true);
}

template <coroutine_function F>
auto loop::run_until_complete(F main, std::source_location place)
{
    return run_until_complete(detail::call_stored(std::move(main)), place);
}

} // namespace rill::RILL_FORM
