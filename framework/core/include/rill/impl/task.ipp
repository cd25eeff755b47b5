// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/error.hpp>
#include <rill/task.hpp>

#include <boost/asio/dispatch.hpp>
#include <boost/asio/this_coro.hpp>

namespace rill::RILL_FORM::detail {

RILL_DECL task_lease::~task_lease()
{
    if (!task_)
        return;
    task_state& task = let_go();
    if (task.core())
        task.abandon();
    task.release();
}

RILL_DECL task_state& task_lease::let_go() noexcept
{
    task_->coroutines.outermost = nullptr;
    return *std::exchange(task_, nullptr);
}

RILL_DECL void task_lease::end()
{
    task_state& task = let_go();
    step_into(nullptr); // what follows may run code of the user's, and the task is over
    std::exception_ptr fatal;
    if (task.error() && is_fatal(task.error())) {
        fatal = task.error();
        task.mark_retrieved(); // nobody can miss it
    }
    task.end();
    task.release();
    if (fatal)
        std::rethrow_exception(fatal);
}

RILL_DECL void fail_with_current(task_state& task) noexcept
{
    const std::exception_ptr error = std::current_exception();
    try {
        throw;
    } catch (const cancelled_error& e) {
        task.fail(e.names_task() ? error : task.explained(error), true);
    } catch (const system_error& e) {
        const bool cancelled = e.code() == condition::cancelled && task.next_wait_throws();
        task.fail(cancelled ? task.explained(error) : error, cancelled);
    } catch (...) {
        task.fail(error, false);
    }
}

RILL_DECL void task_state::first_step()
{
    const state_ref<task_state> keep(*this);
    release(); // what start() took
    if (!has_own_executor()) {
        begin(loop_task_executor(core()->executor(), place(), generation()));
        return;
    }
    const asio::any_io_executor ex =
        task_executor<asio::any_io_executor>(rare_->executor, place(), generation());
    asio::dispatch(ex, [keep, ex] { keep->begin(ex); });
}

RILL_DECL void task_state::begin(const asio::any_io_executor& ex)
{
    if (next_wait_throws()) {
        drop_frame();       // gone before the end is announced
        step_into(nullptr); // and the task is over
        fail(explained(aborted_error()), true);
        end();
    } else {
        begun = true;
        coroutines.outermost->start(ex);
    }
}

RILL_DECL bool cancel_from_any_thread(task_state& task, std::string message)
{
    cancel_reason_ptr why =
        message.empty() ? nullptr : make_reason(cancel_origin::request, std::move(message));
    loop_core* core = task.core();
    if (!core || core->on_home_thread())
        return task.request_cancel(std::move(why));
    core->mail().post([slot = &task.place(), generation = task.generation(), why = std::move(why)] {
        if (slot->generation == generation && slot->task)
            slot->task->request_cancel(why);
    });
    return true;
}

} // namespace rill::RILL_FORM::detail

namespace rill::RILL_FORM {

RILL_DECL task<void>
create_background_task(awaitable<void> body, task_options options, std::source_location place)
{
    auto guarded = [](awaitable<void> served) -> awaitable<void> {
        try {
            co_await std::move(served);
        } catch (...) {
            const std::exception_ptr error = std::current_exception();
            if (detail::was_asked_for(error))
                throw;
            throw fatal_error(
                "rill: background task '" + current_task()->name() +
                "' failed: " + detail::text_of(error)
            );
        }
    };
    detail::check_body(body);
    const detail::new_task<void> created(detail::loop_core::running(), std::move(options), place);
    created.data().background = true;
    created.start(guarded(std::move(body)));
    return detail::task_access::handle(created.data());
}

RILL_DECL bool task_ref::cancel(std::string message)
{
    return detail::cancel_from_any_thread(data(), std::move(message));
}

RILL_DECL std::optional<task_ref> current_task() noexcept
{
    if (!detail::current.task)
        return std::nullopt;
    return task_ref(*detail::current.task);
}

} // namespace rill::RILL_FORM

namespace rill::RILL_FORM::detail {

RILL_DECL std::vector<task_ref> tasks_of(loop_core& core)
{
    std::vector<task_ref> tasks;
    core.registry.tasks.for_each([&](task_state& t) { tasks.emplace_back(t); });
    return tasks;
}

#ifdef RILL_SEPARATE_COMPILATION
template class new_task<void>;
template task<void>
start<void>(loop_core&, awaitable<void>&&, task_options&&, std::source_location);
#endif

} // namespace rill::RILL_FORM::detail

namespace rill::RILL_FORM {

RILL_DECL std::vector<task_ref> all_tasks(const asio::any_io_executor& ex)
{
    return detail::tasks_of(detail::loop_core::of(ex));
}

} // namespace rill::RILL_FORM
