// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/clock.hpp>
#include <rill/network.hpp>
#include <rill/socket_options.hpp>
#include <rill/stream.hpp>
#include <rill/tls_context.hpp>

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

namespace rill {

namespace net_detail {

class peer_count;

}

/// How a server listens and accepts, and the options of the streams that it makes.
class server_options : public stream_options {
public:
    server_options() {}
    server_options(const stream_options& options)
        : stream_options(options)
    {}

    // Whom it serves

    /// Connections at once, at least 1; more wait in the kernel's accept queue.
    server_options& max_connections(std::size_t n)
    {
        most_connections = n;
        return *this;
    }

    /// Connections at once from one peer, at least 1; more are closed. A peer is an IPv4 address, or
    /// the first 64 bits of one of IPv6: whoever has one address there has them all. Unix sockets do
    /// not count. Servers made with copies of these options count together, on any thread.
    ///
    /// Behind a proxy all connections have the proxy's address, unless it says whose they are: see
    /// proxy_protocol_from.
    server_options& max_connections_per_peer(std::size_t n);

    /// Only peers in this network are served, and those in others that are allowed too. Without any
    /// that is everybody.
    ///
    /// Whoever is not served is closed when he is accepted, before a byte is read and before he
    /// counts; who comes through a relay is as soon as it has said so. Peers at a unix socket are always served: who may connect there is said by the
    /// permissions of its file.
    server_options& allow(const network& n)
    {
        allowed.push_back(n);
        return *this;
    }

    /// Peers in this network are not served, whatever is allowed.
    server_options& deny(const network& n)
    {
        denied.push_back(n);
        return *this;
    }

    /// Connections of peers in this network, load balancers and relays, begin with a header of the
    /// PROXY protocol, of either version, and are from then on those of the client whom it names:
    /// what it says is the stream's remote_endpoint() and local_endpoint(), and allow, deny and
    /// max_connections_per_peer are about the client. Where it names nobody they are about the
    /// balancer, whose own the connection is then; one by which it looks whether somebody is there
    /// (LOCAL, of version 2) is served in any case.
    ///
    /// Whoever does not begin with a header is closed and counted; other peers are not asked for one.
    /// With TLS the header comes first, in the clear.
    server_options& proxy_protocol_from(const network& n)
    {
        relays.push_back(n);
        return *this;
    }

    /// The same of peers at a unix socket.
    server_options& proxy_protocol_from_unix()
    {
        unix_relays = true;
        return *this;
    }

    /// What a header may take; 5 s by default.
    server_options& proxy_protocol_timeout(duration d)
    {
        header_time = d;
        return *this;
    }

    /// Told, at once and in the server's own steps, true for each listener at which a client waits
    /// though all places are taken, and false when that wait is over; no more once the server is
    /// closed. Whoever knows of a connection that can be spared may end it then. It must not throw.
    server_options& on_crowded(std::function<void(bool)> f)
    {
        crowded = std::move(f);
        return *this;
    }

    /// Each connection begins with a TLS handshake, and its handler runs after it. One that fails
    /// ends that connection alone, and is counted. std::invalid_argument from the server for a
    /// client's context.
    server_options& tls(const tls_context& context)
    {
        security = context;
        return *this;
    }

    /// What serve_forever gives running handlers when it is cancelled.
    server_options& drain_timeout(duration d)
    {
        drain_time = d;
        return *this;
    }

    // Its sockets. What the system refuses is a system_error from the server.

    /// Length of the accept queue. The system may adjust it.
    server_options& backlog(int n)
    {
        accept_queue = n;
        return *this;
    }

    /// Several servers, one for each loop, share an address; the kernel spreads the connections.
    server_options& reuse_port(bool on)
    {
        share_port = on;
        return *this;
    }

    /// What each connection has.
    server_options& socket(const socket_options& options)
    {
        of_socket = options;
        return *this;
    }

    std::size_t most_connections = 10'000;
    std::shared_ptr<net_detail::peer_count> per_peer; // null: no limit
    std::vector<network> allowed;
    std::vector<network> denied;
    std::vector<network> relays; // whose connections begin with a header
    bool unix_relays = false;
    duration header_time = std::chrono::seconds(5);
    std::function<void(bool)> crowded;   // may be empty
    std::optional<tls_context> security; // empty: connections are in the clear
    duration drain_time = duration::zero();
    int accept_queue = 4096;
    bool share_port = false;
    socket_options of_socket;
};

} // namespace rill
