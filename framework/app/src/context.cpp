// SPDX-License-Identifier: BSL-1.0
#include "share.hpp"
#include "worker.hpp"

#include <rill/app/context.hpp>
#include <rill/cleanup.hpp>
#include <rill/extend.hpp>
#include <rill/http/router.hpp>
#include <rill/http/server.hpp>

#include <functional>

namespace rill::app {

namespace {

/// What `work` leaves behind, having been cancelled, is ended before anything that it uses goes.
template <class Work>
awaitable<void> leave_nothing_behind(detail::listening& where, Work work)
{
    const auto end = [&where]() -> awaitable<void> {
        co_await where.server().drain(duration::zero());
    };
    co_await with_cleanup(std::move(work), end, detail::cleanup_time);
}

} // namespace

awaitable<void> context::serve_http(const http::router& routes, const http_settings& settings)
{
    return serve_http(http::handler(std::cref(routes)), settings);
}

awaitable<void> context::serve_http(http::handler handler, const http_settings& settings)
{
    http::settings limits = settings.http;
    if (limits.unread_connections > 0)
        limits.unread_connections = share_of(limits.unread_connections);
    http::server http(std::move(handler), limits);
    server_options options = make_options(settings);
    if (options.security)
        options.security->alpn("http/1.1");
    options.on_crowded([&http](bool somebody_waits) { http.crowded(somebody_waits); });
    const listen_address at = co_await look_up(listen_address::parse_list(settings.listen));
    auto where = worker_.listen(
        at, [&http](stream client) { return http.serve(std::move(client)); }, options
    );
    if (!where)
        co_return co_await wait_stop();
    const auto work = [&]() -> awaitable<void> {
        co_await wait_stop();
        http.stop(settings.http.keep_alive_grace);
        where->close();
        co_await where->server().wait_closed();
    };
    co_await leave_nothing_behind(*where, work);
}

awaitable<void>
context::serve_tcp(std::function<awaitable<void>(stream)> handler, const tcp_settings& settings)
{
    server_options options = make_options(settings);
    options.limit(settings.read_limit);
    options.watermarks(settings.write_high, settings.write_low);
    options.write_stall(extend::saturated(settings.write_stall));
    const listen_address at = co_await look_up(listen_address::parse_list(settings.listen));
    auto where = worker_.listen(at, std::move(handler), options);
    if (!where)
        co_return co_await wait_stop();
    const auto work = [&]() -> awaitable<void> {
        co_await wait_stop();
        where->close();
        where->server().finish_clients();
        co_await where->server().wait_closed();
    };
    co_await leave_nothing_behind(*where, work);
}

void context::reload_on_hangup(const tls_context& security, const std::string& where)
{
    worker_.contexts().add(security, where);
}

awaitable<void> context::wait_stop()
{
    return worker_.stopping().wait();
}

bool context::stopping() const noexcept
{
    return worker_.stopping().is_set();
}

std::size_t context::worker() const noexcept
{
    return worker_.where().number;
}

std::size_t context::workers() const noexcept
{
    return worker_.where().count;
}

std::size_t context::share_of(std::size_t whole) const noexcept
{
    return detail::share_of(whole, worker(), workers());
}

const settings& context::settings() const noexcept
{
    return worker_.settings();
}

} // namespace rill::app
