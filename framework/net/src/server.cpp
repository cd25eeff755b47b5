// SPDX-License-Identifier: BSL-1.0
#include "server_impl.hpp"
#include "sockets.hpp"

#include <rill/resolver.hpp>

#include <string>
#include <utility>
#include <vector>

namespace rill {

server::server(handler h, const listen_address& at, const server_options& options)
    : server(extend::loop_core::running().executor(), std::move(h), at, options)
{}

server::server(
    const asio::any_io_executor& ex,
    handler h,
    const listen_address& at,
    const server_options& options
)
    : impl_(std::make_shared<impl>(extend::loop_core::of(ex), std::move(h), options))
{
    impl_->listen(at);
}

server::server(server&&) noexcept = default;

server& server::operator=(server&& other) noexcept
{
    const server before(std::move(*this));
    impl_ = std::move(other.impl_);
    return *this;
}

server::~server()
{
    if (!impl_)
        return;
    impl_->stop_listening();
    impl_->cancel_handlers();
}

std::vector<endpoint> server::sockets() const
{
    return impl_->sockets();
}

endpoint server::local_endpoint() const
{
    const std::vector<endpoint> all = sockets();
    if (all.empty())
        throw invalid_state("rill::server: it is closed, it has no address");
    return all.front();
}

bool server::is_serving() const noexcept
{
    return !impl_->closed();
}

std::size_t server::connections() const noexcept
{
    return impl_->statistics().active;
}

const server_statistics& server::statistics() const noexcept
{
    return impl_->statistics();
}

void server::close()
{
    impl_->close();
}

void server::finish_clients()
{
    impl_->finish_clients();
}

void server::close_clients()
{
    impl_->close_clients();
}

void server::abort_clients()
{
    impl_->abort_clients();
}

awaitable<void> server::wait_closed()
{
    return impl::wait_closed(impl_);
}

awaitable<void> server::serve_forever()
{
    return impl::serve_forever(impl_);
}

awaitable<bool> server::drain(duration timeout)
{
    return impl::drain(impl_, timeout);
}

awaitable<server>
start_server(server::handler h, std::string host, unsigned short port, server_options options)
{
    auto& core = extend::loop_core::of(co_await asio::this_coro::executor);
    const std::vector<endpoint> at = co_await look_up(std::move(host), port);
    co_return server(core.executor(), std::move(h), listen_address(at), options);
}

awaitable<server> start_server(server::handler h, listen_address at, server_options options)
{
    auto& core = extend::loop_core::of(co_await asio::this_coro::executor);
    at = co_await look_up(std::move(at));
    co_return server(core.executor(), std::move(h), at, options);
}

awaitable<server> start_unix_server(server::handler h, std::string path, server_options options)
{
    auto& core = extend::loop_core::of(co_await asio::this_coro::executor);
    const listen_address at(net_detail::unix_endpoint(path));
    co_return server(core.executor(), std::move(h), at, options);
}

} // namespace rill
