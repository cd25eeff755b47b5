// SPDX-License-Identifier: BSL-1.0
#include <rill/app/socket_settings.hpp>
#include <rill/schema.hpp>
#include <rill/socket_options.hpp>

namespace rill::app {

namespace {

using namespace std::chrono_literals;

/// Of whatever the settings of a socket are.
template <class Settings>
void describe_socket(schema<Settings>& s)
{
    s.about("What the system is told of connections. What is not set is as the system has it.");
    s.key(
         &Settings::keepalive_idle,
         "Silence after which the other side is asked whether it is still there."
    )
        .range(1s, 9h)
        .example("60s");
    s.key(&Settings::keepalive_interval, "Time between these questions.").range(1s, 9h);
    s.key(&Settings::keepalive_probes, "So many without an answer end the connection.")
        .range(1, 127)
        .unit("questions");
    s.key(
         &Settings::user_timeout,
         "When the other side acknowledges nothing of what was sent for so long, it is lost."
    )
        .range(1ms, 24h)
        .example("30s");
    s.key(
         &Settings::receive_buffer,
         "The system's buffer for what is received. Set, it does not grow with what the connection "
         "needs."
    )
        .range(kib(2), mib(64))
        .example("256KiB");
    s.key(&Settings::send_buffer, "The same for what is sent.")
        .range(kib(2), mib(64))
        .example("256KiB");
}

} // namespace

void describe(schema<socket_settings>& s)
{
    describe_socket(s);
}

void describe(schema<listening_socket_settings>& s)
{
    describe_socket(s);
    s.key(
         &listening_socket_settings::backlog,
         "Clients that may wait to be accepted, for each worker."
    )
        .range(1, 65'535)
        .unit("connections");
}

socket_options make_options(const socket_settings& settings)
{
    socket_options options;
    if (settings.keepalive_idle)
        options.keepalive(
            *settings.keepalive_idle, settings.keepalive_interval, settings.keepalive_probes
        );
    if (settings.user_timeout)
        options.user_timeout(*settings.user_timeout);
    if (settings.receive_buffer)
        options.receive_buffer(static_cast<int>(settings.receive_buffer->count()));
    if (settings.send_buffer)
        options.send_buffer(static_cast<int>(settings.send_buffer->count()));
    return options;
}

} // namespace rill::app

template const rill::described::table& rill::described::table_of<rill::app::socket_settings>();
template const rill::described::table&
rill::described::table_of<rill::app::listening_socket_settings>();
