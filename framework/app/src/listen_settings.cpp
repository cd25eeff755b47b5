// SPDX-License-Identifier: BSL-1.0
#include <rill/app/http_settings.hpp>
#include <rill/app/tcp_settings.hpp>
#include <rill/listen_address.hpp>
#include <rill/network.hpp>
#include <rill/schema.hpp>
#include <rill/server_options.hpp>
#include <rill/tls_context.hpp>

#include <stdexcept>
#include <string_view>

namespace rill::app {

namespace {

using namespace std::chrono_literals;

bool is_listen_address(const std::string& text)
{
    try {
        listen_address::parse(text);
        return true;
    } catch (const std::invalid_argument&) {
        return false;
    }
}

bool is_network(const std::string& text)
{
    try {
        network::parse(text);
        return true;
    } catch (const std::invalid_argument&) {
        return false;
    }
}

constexpr std::string_view unix_relays = "unix:";

bool is_relay(const std::string& text)
{
    return text == unix_relays || is_network(text);
}

/// The keys that everything has that listens.
template <class Settings>
void describe_listening(schema<Settings>& s)
{
    s.about("Where the service listens and whom it serves.");
    s.key(
         &server_settings::listen,
         "Address and port, unix:/path, or fd:name for a socket of systemd's; several in square "
         "brackets. Port 0 takes any free one. 127.0.0.1 is for clients on this machine; * in its "
         "place is for everybody."
    )
        .or_one()
        .must(
            "be an address such as \"127.0.0.1:8080\", \"[::1]:8080\", \"localhost:8080\", "
            "\"*:8080\", \"unix:/path\" or \"fd:name\"",
            &is_listen_address
        );
    s.key(
         &server_settings::max_connections,
         "Clients served at once, by all workers together; more wait to be accepted."
    )
        .range(1, 1'000'000)
        .unit("connections");
    s.key(
         &server_settings::max_connections_per_peer,
         "Of these from one IPv4 address, or one /64 of IPv6; more are closed at once. Behind a "
         "proxy all come from its address, unless it says whose they are: see proxy_protocol_from."
    )
        .range(1, 1'000'000)
        .unit("connections")
        .example("100");
    constexpr auto a_network =
        "be a network such as \"10.0.0.0/8\", \"192.0.2.7\" or \"2001:db8::/32\"";
    s.key(
         &server_settings::allow,
         "Networks whose clients are served; empty means everybody. Others are closed at once. "
         "Clients at a unix socket are always served."
    )
        .must(a_network, &is_network);
    s.key(&server_settings::deny, "Networks whose clients are not served, whatever allow says.")
        .must(a_network, &is_network);
    s.key(
         &server_settings::proxy_protocol_from,
         "Networks of load balancers whose connections begin with a header of the PROXY protocol, "
         "version 1 or 2, that says who the client is; unix: stands for whoever connects at a unix "
         "socket. A connection of theirs without one is closed."
    )
        .or_one()
        .must("be a network such as \"10.0.0.0/8\" or \"192.0.2.7\", or \"unix:\"", &is_relay);
    s.key(&server_settings::proxy_protocol_timeout, "How long such a header may take.")
        .range(1ms, 1h);
    s.rule(&server_settings::listen, "have at least one address", [](const Settings& t) {
        return !t.listen.empty();
    });
}

} // namespace

void describe(schema<server_settings>& s)
{
    describe_listening(s);
}

void describe(schema<tcp_settings>& s)
{
    describe_listening(s);
    s.key(
         &tcp_settings::read_limit,
         "Bytes read ahead of the service, at most twice as many; a line that is longer is an "
         "error."
    )
        .range(bytes{64}, mib(64));
    s.key(
         &tcp_settings::write_high,
         "With more bytes waiting for a client to read them, the service waits until write_low are "
         "left."
    )
        .range(bytes{64}, mib(64));
    s.key(&tcp_settings::write_low, "See write_high.").at_most(mib(64));
    s.key(
         &tcp_settings::write_stall,
         "A client that reads nothing of what waits for it for so long is cut."
    )
        .range(10ms, 24h)
        .or_never();
    s.rule(
        &tcp_settings::write_low,
        "be at most as large as write_high",
        [](const tcp_settings& t) { return t.write_low <= t.write_high; },
        &tcp_settings::write_high
    );
}

void describe(schema<http_settings>& s)
{
    describe_listening(s);
}

server_options make_options(const server_settings& settings)
{
    server_options options;
    options.max_connections(settings.max_connections);
    if (settings.max_connections_per_peer)
        options.max_connections_per_peer(*settings.max_connections_per_peer);
    for (const std::string& text : settings.allow)
        options.allow(network::parse(text));
    for (const std::string& text : settings.deny)
        options.deny(network::parse(text));
    for (const std::string& text : settings.proxy_protocol_from)
        if (text == unix_relays)
            options.proxy_protocol_from_unix();
        else
            options.proxy_protocol_from(network::parse(text));
    options.proxy_protocol_timeout(settings.proxy_protocol_timeout);
    options.security = make_context(settings.tls);
    options.backlog(settings.socket.backlog);
    options.socket(make_options(settings.socket));
    return options;
}

} // namespace rill::app

template const rill::described::table& rill::described::table_of<rill::app::server_settings>();
template const rill::described::table& rill::described::table_of<rill::app::http_settings>();
template const rill::described::table& rill::described::table_of<rill::app::tcp_settings>();
