// SPDX-License-Identifier: BSL-1.0
#include "echo.hpp"

#include <rill/idle_deadline.hpp>
#include <rill/log.hpp>
#include <rill/timeout.hpp>

#include <string>
#include <string_view>
#include <utility>

namespace echo {

namespace {

rill::awaitable<void> echo_bytes(rill::stream& client, rill::idle_deadline idle)
{
    for (;;) {
        idle.begin_again();
        const std::string_view data = co_await client.reader().read_some();
        if (data.empty())
            co_return;
        client.writer().write(data);
        client.reader().consume(data.size());
        co_await client.writer().drain();
    }
}

rill::awaitable<void> echo_lines(rill::stream& client, rill::idle_deadline idle)
{
    for (;;) {
        idle.begin_again();
        std::string line = co_await client.reader().read_line();
        if (line.empty())
            co_return;
        client.writer().write(std::move(line));
        co_await client.writer().drain();
    }
}

/// Ends that are the client's doing, and no failure of the service.
bool is_the_clients_doing(const rill::error_code& ec)
{
    namespace error = boost::asio::error;
    return ec == rill::condition::timed_out || ec == error::connection_reset ||
           ec == error::broken_pipe || ec == error::message_size;
}

} // namespace

rill::awaitable<void> session(rill::stream client, const session_settings& settings)
{
    const auto converse = [&](rill::timeout_scope& scope) {
        const rill::idle_deadline idle(scope, settings.idle_timeout);
        return settings.mode == mode::raw ? echo_bytes(client, idle) : echo_lines(client, idle);
    };
    try {
        co_await rill::timeout(rill::forever, converse);
    } catch (const rill::system_error& error) {
        if (!is_the_clients_doing(error.code()))
            throw;
        rill::log::info("client disconnected", {{"reason", error.what()}});
    }
}

rill::awaitable<void> serve(const config& cfg, rill::app::context& app)
{
    const auto handler = [&cfg](rill::stream client) {
        return session(std::move(client), cfg.session);
    };
    co_await app.serve_tcp(handler, cfg.server);
}

} // namespace echo
