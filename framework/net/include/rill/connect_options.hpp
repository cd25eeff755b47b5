// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/clock.hpp>
#include <rill/detail/needs_net.hpp>
#include <rill/endpoint.hpp>
#include <rill/proxy.hpp>
#include <rill/proxy_protocol.hpp>
#include <rill/socket_options.hpp>
#include <rill/stream.hpp>
#include <rill/tls_context.hpp>

#include <chrono>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace rill {

/// How a connection is opened, and the options of its stream.
class connect_options {
public:
    connect_options() {}
    connect_options(const stream_options& options)
        : of_stream(options)
    {}

    /// For everything together, from the look-up until the stream is handed out. `forever`: as long
    /// as the system tries.
    connect_options& timeout(duration d)
    {
        connect_timeout = d;
        return *this;
    }

    /// An address that has not answered for so long gets company: the next one is tried beside it.
    /// The Connection Attempt Delay of RFC 8305, which recommends 250 ms, and 100 ms at least.
    /// `forever`: strictly one after the other.
    connect_options& attempt_delay(duration d)
    {
        delay = d;
        return *this;
    }

    /// An address that has not answered for so long is given up. `forever`: each has as long as there
    /// is time.
    connect_options& attempt_timeout(duration d)
    {
        attempt_limit = d;
        return *this;
    }

    /// Connects from there; port 0 takes any. Given for each family, each address is connected to
    /// from the one of its own; those of a family without one are not tried. The file of a unix
    /// socket's address is the caller's to remove.
    connect_options& local_address(const endpoint& from)
    {
        local.push_back(from);
        return *this;
    }

    connect_options& stream(const stream_options& options)
    {
        of_stream = options;
        return *this;
    }

    /// What the connection's socket has.
    connect_options& socket(const socket_options& options)
    {
        of_socket = options;
        return *this;
    }

    /// Connects to the proxy, and has that connect to the host.
    connect_options& proxy(rill::proxy p)
    {
        via = std::move(p);
        return *this;
    }

    /// The first that the server gets is a header of the PROXY protocol, which says whose connection
    /// this is: for relays. Without `whose` it is said to be the program's own, as in a health check.
    /// (Behind a proxy it goes to the host, and with TLS before the handshake.)
    connect_options& proxy_protocol(
        rill::proxy_protocol version, const std::optional<relayed_addresses>& whose = std::nullopt
    );

    /// TLS from the first byte on. The server must be who was asked for, by a certificate that
    /// somebody of the system's trust store vouches for.
    connect_options& tls();

    /// The same as `context`, a client's, says.
    connect_options& tls(const tls_context& context)
    {
        security = context;
        return *this;
    }

    /// With TLS: whose certificate is expected, where that is not the host.
    connect_options& server_name(std::string n)
    {
        name = std::move(n);
        return *this;
    }

    duration connect_timeout = std::chrono::seconds(30);
    duration delay = std::chrono::milliseconds(250);
    duration attempt_limit = forever;
    std::vector<endpoint> local;
    stream_options of_stream;
    socket_options of_socket;
    std::optional<rill::proxy> via;
    std::string header;                  // of the PROXY protocol; empty: none
    std::optional<tls_context> security; // empty: in the clear
    std::string name;                    // empty: the host
};

} // namespace rill
