// SPDX-License-Identifier: BSL-1.0
#include "server_impl.hpp"

#include "listener.hpp"

#include <rill/detail/net_detail.hpp>
#include <rill/error.hpp>
#include <rill/extend_tasks.hpp>
#include <rill/shield.hpp>

#include <exception>
#include <stdexcept>
#include <utility>

namespace rill {

server::impl::impl(extend::loop_core& core, handler h, const server_options& options)
    : context_user(core.io())
    , core_(core)
    , journal_(core)
    , failure_(journal_)
    , sessions_(core, std::move(h), options, journal_)
    , closed_(core.executor())
{}

void server::impl::listen(const listen_address& at)
{
    for (const listen_address::place& place : at.places())
        for (auto& from : net_detail::listen_at(core_, place, sessions_.options()))
            accepting_.emplace_back(std::move(from), failure_);
    try {
        for (net_detail::accept_loop& loop : accepting_)
            loop.start(sessions());
    } catch (...) { // those that have started keep this alive
        stop_listening();
        throw;
    }
}

std::vector<endpoint> server::impl::sockets() const
{
    std::vector<endpoint> all;
    if (!closed())
        for (const net_detail::accept_loop& loop : accepting_)
            all.push_back(loop.local());
    return all;
}

void server::impl::close()
{
    if (closed() || std::exchange(closing_, true))
        return;
    for (net_detail::accept_loop& loop : accepting_)
        loop.end(sessions());
    stop_listening();
}

void server::impl::stop_listening()
{
    if (closed())
        return;
    for (net_detail::accept_loop& loop : accepting_)
        loop.close();
    closed_.set();
    sessions_.stop();
}

/// As after close(). No descriptor is kept; what is no part of the loop stays. Nothing waits any
/// more.
void server::impl::on_context_end() noexcept
{
    const auto keep = shared_from_this();
    stop_listening();
    accepting_.clear();
    failure_.give_up_reserve();
    journal_.loop_ended();
}

awaitable<void> server::impl::wait_closed(std::shared_ptr<impl> self)
{
    return net_detail::session_set::wait_empty(self->sessions());
}

awaitable<void> server::impl::serve_forever(std::shared_ptr<impl> self)
{
    if (!extend::running_task(co_await asio::this_coro::cancellation_state))
        co_return co_await extend::run_as_task(serve_forever(self));
    if (self->closed() || std::exchange(self->served_, true))
        throw std::logic_error("rill::server: it is closed, or being served already");
    std::exception_ptr cancelled;
    try {
        co_await self->closed_.wait();
    } catch (...) {
        cancelled = std::current_exception();
    }
    self->served_ = false;
    if (!cancelled)
        co_return;
    {
        const shield_scope shield;
        co_await drain(self, self->sessions_.options().drain_time);
    }
    std::rethrow_exception(cancelled);
}

awaitable<bool> server::impl::drain(std::shared_ptr<impl> self, duration timeout)
{
    self->close();
    co_return co_await net_detail::session_set::drain(self->sessions(), timeout);
}

} // namespace rill
