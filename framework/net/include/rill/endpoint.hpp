// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/stream_protocol.hpp>

#include <boost/asio/ip/address.hpp>

#include <string>

namespace rill {

namespace asio = boost::asio;

/// An address of a stream socket: TCP over IPv4 or IPv6, or a unix path.
using endpoint = stream_protocol::endpoint;

/// As settings and log lines write it: "127.0.0.1:7007", "[::1]:80", "unix:/run/x.sock".
std::string to_string(const endpoint& e);

/// The port of a TCP endpoint; 0 for a unix one.
unsigned short port_of(const endpoint& e);

/// The address of a TCP endpoint.
asio::ip::address address_of(const endpoint& e);

bool is_unix(const endpoint& e) noexcept;

} // namespace rill
