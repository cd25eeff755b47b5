// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/cancel_scope.hpp>
#include <rill/detail/loop/task_executor.hpp>
#include <rill/to_thread.hpp>

#include <stdexcept>

namespace rill::RILL_FORM::detail {

RILL_DECL thread_pool& default_executor_of(loop_core& core)
{
    if (!core.takes_jobs)
        throw std::logic_error("rill::to_thread: the default executor was shut down");
    if (!core.default_executor)
        core.default_executor = never_waited_for(std::make_shared<thread_pool>());
    return *core.default_executor;
}

} // namespace rill::RILL_FORM::detail

namespace rill::RILL_FORM {

RILL_DECL awaitable<bool> shutdown_default_executor(duration grace)
{
    const asio::any_io_executor here = co_await asio::this_coro::executor;
    detail::loop_core& core = detail::loop_core::of(here);
    core.takes_jobs = false;
    const auto pool = std::exchange(core.default_executor, nullptr);
    if (!pool)
        co_return true;
    pool->close();
    future<> idle(here);
    const auto at = std::make_shared<detail::delivery_slot<future<>>>();
    const detail::delivery_target<future<>> arrival(idle, at);
    detail::pool_access::when_idle(*pool, [mail = detail::mailbox_ptr(&core.mail()), at] {
        mail->post([at] {
            if (at->to)
                at->to->set_result_unless_done();
        });
    });
    const auto wait = [&]() -> awaitable<void> { co_await idle; };
    const detail::expected_arrival expected(core);
    const bool in_time = co_await move_on_after(grace, wait);
    if (!in_time)
        core.report(
            {"calls on the default executor did not end within " + detail::text_of(grace) +
                 ", their threads are left to themselves",
             nullptr}
        );
    co_return in_time;
}

} // namespace rill::RILL_FORM
