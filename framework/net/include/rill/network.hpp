// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <boost/asio/ip/address.hpp>

#include <array>
#include <string>
#include <string_view>

namespace rill {

namespace asio = boost::asio;

/// The IP addresses that begin alike: "10.0.0.0/8", "2001:db8::/32", or a single one, "::1". Mirrors
/// Python's ipaddress.ip_network.
///
/// An IPv4 address in IPv6's clothes (::ffff:10.1.2.3, which a socket of both families calls its
/// IPv4 peers) is that IPv4 address, in a network as in what is looked for. No network of IPv6
/// contains it, not even ::/0.
class network {
public:
    /// std::invalid_argument that says what is wrong with `text`: it is no address, its prefix is too
    /// long, or there are bits behind the prefix.
    static network parse(std::string_view text);

    bool contains(const asio::ip::address& a) const noexcept;

    bool operator==(const network&) const = default;

private:
    using bytes = std::array<unsigned char, 16>;

    friend std::string to_string(const network& n);

    network(const bytes& first, unsigned prefix) noexcept
        : first_(first)
        , prefix_(prefix)
    {}

    bytes first_;     // of IPv4 as ::ffff:a.b.c.d
    unsigned prefix_; // in bits of these
};

/// As it is written in settings, with its prefix.
std::string to_string(const network& n);

} // namespace rill
