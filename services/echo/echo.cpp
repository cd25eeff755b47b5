// SPDX-License-Identifier: BSL-1.0
#include "echo.hpp"

#include <rill/log.hpp>
#include <rill/loop.hpp>
#include <rill/timeout.hpp>

#include <string>
#include <string_view>
#include <utility>

namespace echo {

namespace {

/// The deadline for the next message. A single timeout around the whole conversation is moved on,
/// and only when a part of the time has gone by: a client is cut after its silence, or a little
/// later.
class idle_deadline {
public:
    idle_deadline(rill::timeout_scope& scope, rill::duration silence)
        : scope_(scope)
        , silence_(silence)
    {}

    void begin_again()
    {
        if (silence_ == rill::forever)
            return;
        const rill::time_point earliest = rill::this_loop().time() + silence_;
        if (scope_.when() < earliest || scope_.when() == rill::never)
            scope_.reschedule(earliest + silence_ / 32);
    }

private:
    rill::timeout_scope& scope_;
    rill::duration silence_;
};

rill::awaitable<void> echo_bytes(rill::stream& client, idle_deadline idle)
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

rill::awaitable<void> echo_lines(rill::stream& client, idle_deadline idle)
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
        const idle_deadline idle(scope, settings.idle_timeout);
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
