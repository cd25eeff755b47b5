// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/app/client_tls_settings.hpp>
#include <rill/app/settings.hpp>
#include <rill/app/socket_settings.hpp>
#include <rill/app/tcp_settings.hpp>
#include <rill/bytes.hpp>
#include <rill/clock.hpp>
#include <rill/connect_address.hpp>
#include <rill/schema.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

namespace relay {

using namespace std::chrono_literals;

/// Which server a client gets.
enum class balance {
    round_robin,       // one after the other
    least_connections, // the one that serves the fewest
};
BOOST_DESCRIBE_ENUM(balance, round_robin, least_connections)

/// The header of the PROXY protocol that servers get.
enum class proxy_header { none, v1, v2 };
BOOST_DESCRIBE_ENUM(proxy_header, none, v1, v2)

/// Where connections go.
struct upstream_settings {
    std::vector<std::string> servers{"127.0.0.1:7007"};
    relay::balance balance = relay::balance::round_robin;
    std::size_t tries = 3;
    rill::duration connect_timeout = 5s;
    rill::duration retry_after = 10s;
    proxy_header proxy_protocol = proxy_header::none;
    rill::app::client_tls_settings tls;
    rill::app::socket_settings socket;
};
BOOST_DESCRIBE_STRUCT(
    upstream_settings,
    (),
    (servers, balance, tries, connect_timeout, retry_after, proxy_protocol, tls, socket)
)

inline bool is_server(const std::string& text)
{
    try {
        rill::connect_address::parse(text);
        return true;
    } catch (const std::invalid_argument&) {
        return false;
    }
}

inline bool has_unix_socket(const std::vector<std::string>& servers)
{
    return std::any_of(servers.begin(), servers.end(), [](const std::string& s) {
        return s.starts_with("unix:");
    });
}

inline void describe(rill::schema<upstream_settings>& s)
{
    s.about("Where connections go.");
    s.key(&upstream_settings::servers, "The servers; several in square brackets.")
        .or_one()
        .must(
            "be an address such as \"127.0.0.1:7007\", \"[::1]:7007\", \"db.example:5432\" or "
            "\"unix:/path\"",
            &is_server
        );
    s.key(
        &upstream_settings::balance,
        "round_robin gives each client the next server; least_connections the one that serves the "
        "fewest."
    );
    s.key(
         &upstream_settings::tries,
         "Servers tried for one client, if they cannot be connected to, before it is disconnected."
    )
        .range(1, 1000)
        .unit("servers");
    s.key(
         &upstream_settings::connect_timeout,
         "How long one server may take to be connected to, look-up and TLS included."
    )
        .range(1ms, 1h);
    s.key(
         &upstream_settings::retry_after,
         "For so long a server that could not be connected to is tried after all others."
    )
        .range(0s, 24h);
    s.key(
        &upstream_settings::proxy_protocol,
        "With v1 or v2, servers are told first who the client is, by a header of that version of "
        "the PROXY protocol, which they must be set up to expect."
    );
    s.rule(
        &upstream_settings::servers,
        "be no unix socket where tls is enabled without a server_name",
        [](const upstream_settings& t) {
            return !t.tls.enabled || !t.tls.verify || !t.tls.server_name.empty() ||
                   !has_unix_socket(t.servers);
        }
    );
    s.rule(&upstream_settings::servers, "have at least one server", [](const upstream_settings& t) {
        return !t.servers.empty();
    });
}

/// How a connection is relayed.
struct session_settings {
    rill::duration idle_timeout = 10min;
    rill::duration half_closed_timeout = 1min;
    rill::duration total_timeout = rill::forever;
    std::optional<rill::bytes> most_from_client{};
    std::optional<rill::bytes> most_from_server{};
};
BOOST_DESCRIBE_STRUCT(
    session_settings,
    (),
    (idle_timeout, half_closed_timeout, total_timeout, most_from_client, most_from_server)
)

inline void describe(rill::schema<session_settings>& s)
{
    s.about("How a connection is relayed. What ends it early resets it, for a side that has not "
            "got all "
            "of what the other sends.");
    s.key(&session_settings::idle_timeout, "Silence on both sides after which it is ended.")
        .range(1ms, 24h)
        .or_never();
    s.key(
         &session_settings::half_closed_timeout,
         "The same once one side has sent all, and the other is told so. (TLS 1.2 cannot say so: "
         "there "
         "that is the end of both.)"
    )
        .range(1ms, 24h)
        .or_never();
    s.key(&session_settings::total_timeout, "How long it may last, however busy it is.")
        .range(1ms, 8760h)
        .or_never();
    s.key(&session_settings::most_from_client, "Bytes that a client may send; more end it.")
        .example("1GiB");
    s.key(&session_settings::most_from_server, "The same for its server.").example("1GiB");
}

/// What the log tells of the traffic.
struct statistics_settings {
    rill::duration interval = rill::forever;
};
BOOST_DESCRIBE_STRUCT(statistics_settings, (), (interval))

inline void describe(rill::schema<statistics_settings>& s)
{
    s.about("What the log tells of the traffic.");
    s.key(
         &statistics_settings::interval,
         "How often it tells what has been relayed so far, for each server too. At the end it does "
         "in any case."
    )
        .range(1s, 24h)
        .or_never();
}

/// Settings of the relay service; the defaults are those shown in conf/relay.toml.
struct config {
    rill::app::tcp_settings server{"127.0.0.1:7100"};
    upstream_settings upstream;
    session_settings session;
    statistics_settings statistics;
    rill::app::settings service;
};
BOOST_DESCRIBE_STRUCT(config, (), (server, upstream, session, statistics, service))

inline void describe(rill::schema<config>& s)
{
    s.about("Relay service: passes TCP connections on to servers.");
}

} // namespace relay
