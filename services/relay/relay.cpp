// SPDX-License-Identifier: BSL-1.0
#include "relay.hpp"

#include "conversation.hpp"

#include <rill/interval.hpp>
#include <rill/log.hpp>
#include <rill/loop.hpp>
#include <rill/open_connection.hpp>
#include <rill/proxy_protocol.hpp>
#include <rill/task_group.hpp>
#include <rill/tls_context.hpp>

#include <boost/asio/error.hpp>

#include <string>
#include <utility>

namespace relay {

namespace {

rill::connect_options options_of(const config& cfg)
{
    rill::stream_options of_stream;
    of_stream.limit(cfg.server.read_limit)
        .watermarks(cfg.server.write_high, cfg.server.write_low)
        .write_stall(cfg.server.write_stall);
    rill::connect_options options(of_stream);
    options.timeout(cfg.upstream.connect_timeout);
    options.socket(make_options(cfg.upstream.socket));
    options.security = make_context(cfg.upstream.tls);
    if (options.security)
        options.server_name(cfg.upstream.tls.server_name);
    return options;
}

/// What is short here, and no fault of a server's.
bool is_our_shortage(const rill::error_code& ec)
{
    namespace error = boost::asio::error;
    return ec == error::no_descriptors || ec == error::no_memory || ec == error::no_buffer_space ||
           ec == boost::system::errc::too_many_files_open_in_system ||
           ec == boost::system::errc::address_not_available;
}

} // namespace

struct relay::link {
    upstream_use use;
    rill::stream connection;
};

relay::relay(const config& cfg, std::size_t workers)
    : config_(cfg)
    , options_(options_of(cfg))
    , upstreams_(cfg.upstream)
    , traffic_(workers)
{}

rill::awaitable<void> relay::session(rill::stream client, std::size_t worker)
{
    traffic& count = traffic_[worker];
    count.connections += 1;
    std::unique_ptr<link> to_server;
    try {
        to_server = co_await connect(client, count);
    } catch (...) {
        client.abort();
        throw;
    }
    if (!to_server)
        co_return client.abort();
    conversation both(client, to_server->connection, config_.session, count);
    co_await both.run();
}

/// Null if there is no server.
rill::awaitable<std::unique_ptr<relay::link>>
relay::connect(const rill::stream& client, traffic& count)
{
    rill::connect_options options = options_;
    if (config_.upstream.proxy_protocol != proxy_header::none)
        options.proxy_protocol(
            config_.upstream.proxy_protocol == proxy_header::v1 ? rill::proxy_protocol::v1
                                                                : rill::proxy_protocol::v2,
            rill::relayed_addresses{client.remote_endpoint(), client.local_endpoint()}
        );
    const auto now = [] { return rill::this_loop().time(); };
    std::string why;
    for (upstream* server : upstreams_.for_next_client(now())) {
        upstream_use use(*server);
        try {
            rill::stream connection = co_await rill::open_connection(server->address(), options);
            server->on_connected();
            co_return std::make_unique<link>(std::move(use), std::move(connection));
        } catch (const rill::system_error& error) {
            if (rill::is_cancellation(error))
                throw;
            if (!is_our_shortage(error.code()))
                server->on_failed(now() + config_.upstream.retry_after);
            why += (why.empty() ? "" : "; ") + std::string(error.what());
        }
    }
    count.not_connected += 1;
    not_connected_.warning(
        "no server could be connected to",
        {{"client", to_string(client.remote_endpoint())}, {"reason", why}}
    );
    co_return nullptr;
}

traffic relay::so_far() const
{
    traffic all;
    for (const traffic& t : traffic_)
        all += t;
    return all;
}

relay::serving::serving(relay& r) noexcept
    : relay_(r)
{
    ++relay_.workers_;
}

relay::serving::~serving()
{
    if (--relay_.workers_ == 0)
        relay_.log_so_far();
}

rill::awaitable<void> serve(const config& cfg, relay& r, rill::app::context& app)
{
    const relay::serving here(r);
    if (const auto& security = r.security(); security && app.worker() == 0)
        app.reload_on_hangup(*security, "upstream");
    const rill::duration every = cfg.statistics.interval;
    const auto tell = [&]() -> rill::awaitable<void> {
        rill::interval ticks(rill::this_loop().time() + every, every);
        for (;;) {
            co_await ticks.tick();
            r.log_so_far();
        }
    };
    const auto handler = [&](rill::stream client) {
        return r.session(std::move(client), app.worker());
    };
    co_await rill::with_task_group([&](rill::task_group& group) -> rill::awaitable<void> {
        rill::task<void> telling;
        if (app.worker() == 0 && every != rill::forever)
            telling = group.create_task(tell());
        co_await app.serve_tcp(handler, cfg.server);
        if (telling)
            telling.cancel();
    });
}

} // namespace relay
