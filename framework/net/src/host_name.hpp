// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/detail/form.hpp>

#include <boost/asio/ip/address.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace rill::RILL_FORM::net_detail {

/// As names are compared.
std::string lower_case(std::string_view name);

/// Without the dot at its end: with it no search list applies, but it is the same host.
std::string_view without_dot(std::string_view name);

/// Whether a resolver can be asked for it: 1 to 253 bytes (RFC 1035 3.1), none of which could end it
/// early in a C string or begin another line in a protocol.
bool is_possible_name(std::string_view name);

/// Whether a name in lower case is "localhost" or below that, which is this host (RFC 6761 6.3).
bool is_localhost(std::string_view name);

/// "host:port"; IPv6 stands in brackets (RFC 3986 3.2.2).
std::string with_port(const std::string& host, unsigned short port);

std::vector<boost::asio::ip::address> loopback_addresses();

} // namespace rill::RILL_FORM::net_detail
