// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/detail/wait/remote_operation.hpp>
#include <rill/detail/wait/wait_operation.hpp>

#include <boost/asio/async_result.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/this_coro.hpp>

namespace rill::RILL_FORM::detail {

RILL_DECL void remote_operation::end(error_code ec) noexcept
{
    error_ = ec;
    const auto to = std::move(to_); // who waits may own this, in the end: no circle stays
    to->remote_ended();
}

RILL_DECL void remote_waiter::end_message::remote_ended() noexcept
{
    mail_->post([self = shared_from_this()] { self->wake(); });
}

RILL_DECL void remote_waiter::end_message::wake()
{
    if (!at_)
        return;
    remote_waiter& waiter = *std::exchange(at_, nullptr);
    waiter.end_message_.reset();
    const auto complete = [&waiter] { waiter.complete(); };
    waiter.core_->run_step(nullptr, complete);
}

RILL_DECL void remote_waiter::start()
{
    end_message_ = std::make_shared<end_message>(*core_, *this);
    core_->make_pending(*this);
    remote_->begin(end_message_);
}

/// Its loop dies, and the frame that waits.
RILL_DECL remote_waiter::~remote_waiter()
{
    if (!end_message_)
        return;
    end_message_->forget();
    remote_->cancel();
}

RILL_DECL void remote_canceller::operator()(asio::cancellation_type) const
{
    if (const auto e = remote_.lock())
        e->cancel();
}

RILL_DECL awaitable<void>
wait_for_remote(std::shared_ptr<remote_operation> e, std::source_location where)
{
    const auto state = co_await asio::this_coro::cancellation_state;
    if (running_task(state)) {
        co_await request_wait<remote_waiter>(current.loop, e, where);
    } else {
        const asio::any_io_executor here = co_await asio::this_coro::executor;
        const auto initiate = [&e, &here](auto handler) {
            const auto call = [](auto waiting) { std::move(waiting)(); };
            begin_remote(e, std::move(handler), call, here);
        };
        auto wait = asio::async_initiate<const asio::deferred_t, void()>(initiate, asio::deferred);
        co_await std::move(wait);
    }
    e->throw_if_failed();
}

} // namespace rill::RILL_FORM::detail
