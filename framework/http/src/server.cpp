// SPDX-License-Identifier: BSL-1.0
#include "connection.hpp"
#include "server_state.hpp"

#include <rill/detail/loop/run_as_task.hpp>
#include <rill/http/server.hpp>

#include <boost/asio/this_coro.hpp>

#include <algorithm>
#include <utility>

namespace rill::http {

namespace detail {

namespace {

/// A fraction of the shortest deadline; for the defaults four times a second.
duration tick_of(const limits& l)
{
    duration shortest = std::chrono::seconds(2);
    for (const duration d :
         {duration(l.first_byte),
          duration(l.header),
          duration(l.keep_alive_idle),
          duration(l.body_gap),
          duration(l.request),
          duration(l.write_stall),
          duration(l.unread_wait)})
        if (d > duration::zero())
            shortest = std::min(shortest, d);
    return std::max<duration>(shortest / 8, std::chrono::milliseconds(5));
}

} // namespace

server_state::server_state(handler h, const limits& l)
    : timer_node(&on_due)
    , handle(std::move(h))
    , limit(l)
    , tick_(tick_of(l))
{}

server_state::~server_state()
{
    if (timer_node::armed())
        core_->disarm(*this);
}

void server_state::add(connection& c, rill::detail::loop_core& core)
{
    connections_.push_back(c);
    if (size_++ > 0)
        return;
    core_ = &core;
    now_ = core.now();
    core.arm(*this, now_ + tick_);
}

void server_state::remove(connection& c) noexcept
{
    static_cast<rill::detail::hook<in_server>&>(c).unlink();
    if (--size_ == 0 && timer_node::armed())
        core_->disarm(*this);
}

void server_state::on_due(timer_node& node)
{
    static_cast<server_state&>(node).tick();
}

void server_state::tick()
{
    now_ = core_->now();
    core_->arm(*this, now_ + tick_);
    connections_.for_each([this](connection& c) { c.look_at_time(now_); });
}

void server_state::stop(duration idle_grace)
{
    stopping_ = true;
    const auto when = idle_grace > duration::zero() ? in(idle_grace) : now_;
    connections_.for_each([&](connection& c) { c.close_if_idle(when); });
}

time_point server_state::end_of_age() noexcept
{
    const duration age = limit.connection_age;
    if (age <= duration::zero())
        return never;
    // Multiples of the golden ratio, modulo 1, lie evenly spread in every order.
    const auto fraction = static_cast<double>(ages_++ * 0x9e3779b97f4a7c15u >> 32) / 4294967296.0;
    const auto part = std::chrono::duration<double>(age) * (0.9 + 0.2 * fraction);
    return rill::detail::deadline_after(now_, std::chrono::duration_cast<duration>(part));
}

} // namespace detail

server::server(handler h, limits l)
    : state_(std::make_shared<detail::server_state>(std::move(h), l))
{}

server::server(server&&) noexcept = default;
server& server::operator=(server&&) noexcept = default;
server::~server() = default;

namespace {

awaitable<void> serve_in_task(std::shared_ptr<detail::server_state> state, stream peer)
{
    auto* task = rill::detail::running_task(co_await asio::this_coro::cancellation_state);
    if (!task) {
        co_await rill::detail::run_as_task(serve_in_task(std::move(state), std::move(peer)));
        co_return;
    }
    detail::connection connection(std::move(state), std::move(peer), *task);
    co_await connection.run();
}

} // namespace

awaitable<void> server::serve(stream peer)
{
    return serve_in_task(state_, std::move(peer));
}

void server::stop(duration idle_grace)
{
    state_->stop(idle_grace);
}

std::size_t server::connections() const noexcept
{
    return state_->size();
}

std::uint64_t server::requests() const noexcept
{
    return state_->requests;
}

std::uint64_t server::refused() const noexcept
{
    return state_->refused;
}

} // namespace rill::http
