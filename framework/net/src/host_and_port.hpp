// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/detail/net_detail.hpp>

#include <boost/asio/ip/address.hpp>

#include <optional>
#include <string>
#include <string_view>

namespace rill::RILL_FORM::net_detail {

/// Of TCP, as settings write it: a name, or an address, which stands in brackets if it is IPv6.
struct host_and_port {
    std::string host; // without brackets
    unsigned short port = 0;
    std::optional<boost::asio::ip::address> address; // empty: the host is a name
};

/// std::invalid_argument that says what is wrong with it, as in "it has no port".
host_and_port parse_host_and_port(std::string_view text);

/// The same of a port, from 0 to 65535.
unsigned short parse_port(std::string_view text);

} // namespace rill::RILL_FORM::net_detail
