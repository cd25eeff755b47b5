// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/detail/net_detail.hpp>
#include <rill/proxy_protocol.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace rill::RILL_FORM::net_detail {

/// Reads the header of HAProxy's PROXY protocol, version 1 or 2, with which such a connection begins,
/// without I/O. (What has a proxy connect to somewhere is a proxy_dialogue.)
///
/// What cannot be such a header is refused at its first wrong byte: a client that speaks for itself
/// is not waited for.
class haproxy_header {
public:
    static constexpr std::size_t longest_v1 = 107;  // bytes, by the protocol
    static constexpr std::size_t longest_v2 = 4096; // of up to 65551, those that nginx takes

    /// Looks at what has come, in whatever pieces. How many bytes of it were the header's: all of
    /// them until it is complete, and then what follows is the client's. system_error that says what
    /// is wrong with it.
    std::size_t receive(std::string_view data);

    bool complete() const noexcept { return complete_; }

    /// Once complete. Empty where the balancer speaks for itself, and where it does not know or
    /// passes on no stream: then those of the connection count.
    const std::optional<relayed_addresses>& addresses() const noexcept { return addresses_; }

    /// Once complete. Whether the balancer speaks for itself, to see whether somebody is there.
    /// Version 1 cannot say so.
    bool is_own() const noexcept;

private:
    std::size_t take_line(std::string_view data);
    std::size_t take_block(std::string_view data);
    std::size_t wanted_of_block() const noexcept;
    bool relays() const noexcept;
    void check_block() const;
    void read_line();
    void read_block();

    std::uint8_t at(std::size_t i) const { return static_cast<std::uint8_t>(input_[i]); }

    std::string input_; // what has come of it
    std::optional<relayed_addresses> addresses_;
    bool complete_ = false;
};

/// The header that tells of `addresses`; without them that nobody is told of. Where one is of IPv4
/// and the other of IPv6, both are written as IPv6, and where both are IPv4 within IPv6, as IPv4.
std::string haproxy_header_of(proxy_protocol v, const std::optional<relayed_addresses>& addresses);

} // namespace rill::RILL_FORM::net_detail
