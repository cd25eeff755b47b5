// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/detail/wait/errand.hpp>
#include <rill/detail/wait/wait_operation.hpp>

#include <boost/asio/async_result.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/this_coro.hpp>

namespace rill::RILL_FORM::detail {

RILL_DECL void errand::end(error_code ec) noexcept
{
    error_ = ec;
    const auto to = std::move(to_); // who waits may own this, in the end: no circle stays
    to->errand_ended();
}

RILL_DECL void errand_waiter::arrival::errand_ended() noexcept
{
    mail_->post([self = shared_from_this()] { self->wake(); });
}

RILL_DECL void errand_waiter::arrival::wake()
{
    if (!at_)
        return;
    errand_waiter& waiter = *std::exchange(at_, nullptr);
    waiter.arrival_.reset();
    const auto complete = [&waiter] { waiter.complete(); };
    waiter.core_->run_step(nullptr, complete);
}

RILL_DECL void errand_waiter::start()
{
    arrival_ = std::make_shared<arrival>(*core_, *this);
    core_->make_pending(*this);
    errand_->begin(arrival_);
}

/// Its loop dies, and the frame that waits.
RILL_DECL errand_waiter::~errand_waiter()
{
    if (!arrival_)
        return;
    arrival_->forget();
    errand_->cancel();
}

RILL_DECL void errand_canceller::operator()(asio::cancellation_type) const
{
    if (const auto e = errand_.lock())
        e->cancel();
}

RILL_DECL awaitable<void> carry_out(std::shared_ptr<errand> e, std::source_location where)
{
    const auto state = co_await asio::this_coro::cancellation_state;
    if (running_task(state)) {
        co_await request_wait<errand_waiter>(current.loop, e, where);
    } else {
        const asio::any_io_executor here = co_await asio::this_coro::executor;
        const auto initiate = [&e, &here](auto handler) {
            const auto call = [](auto waiting) { std::move(waiting)(); };
            begin_errand(e, std::move(handler), call, here);
        };
        auto wait = asio::async_initiate<const asio::deferred_t, void()>(initiate, asio::deferred);
        co_await std::move(wait);
    }
    e->throw_if_failed();
}

} // namespace rill::RILL_FORM::detail
