// SPDX-License-Identifier: BSL-1.0
#include "connection.hpp"
#include "server_state.hpp"

#include <rill/extend.hpp>
#include <rill/extend_tasks.hpp>
#include <rill/http/server.hpp>

#include <boost/asio/this_coro.hpp>

#include <utility>

namespace rill::http {

server::server(handler h, settings s)
    : state_(std::make_shared<detail::server_state>(std::move(h), s))
{}

server::server(server&&) noexcept = default;
server& server::operator=(server&&) noexcept = default;
server::~server() = default;

namespace {

awaitable<void> serve_in_task(std::shared_ptr<detail::server_state> state, stream peer)
{
    auto* task = extend::running_task(co_await asio::this_coro::cancellation_state);
    if (!task) {
        co_await extend::run_as_task(serve_in_task(std::move(state), std::move(peer)));
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

void server::crowded(bool somebody_waits)
{
    if (somebody_waits)
        state_->begin_waiting();
    else
        state_->end_waiting();
}

std::size_t server::connections() const noexcept
{
    return state_->size();
}

std::uint64_t server::requests() const noexcept
{
    return state_->facts.requests;
}

std::uint64_t server::refused() const noexcept
{
    return state_->facts.refused;
}

} // namespace rill::http
