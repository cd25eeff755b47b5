// SPDX-License-Identifier: BSL-1.0
#include <boost/asio/ip/tcp.hpp>

#include <doctest/doctest.h>
#include <peer_count.hpp>

#include <optional>
#include <vector>

namespace {

using rill::net_detail::peer_count;
using rill::net_detail::peer_place;

rill::endpoint peer(const char* address, unsigned short port = 1)
{
    return boost::asio::ip::tcp::endpoint(boost::asio::ip::make_address(address), port);
}

/// Whether both of them are the same peer.
bool same(const char* one, const char* other)
{
    peer_count count(1);
    const auto first = count.take(peer(one));
    return !count.take(peer(other, 2));
}

TEST_CASE("peer_count: a peer is an IPv4 address or a /64 of IPv6")
{
    CHECK(same("192.0.2.1", "192.0.2.1"));
    CHECK_FALSE(same("192.0.2.1", "192.0.2.2"));
    CHECK(same("2001:db8::1", "2001:db8::ffff:0:0:1"));
    CHECK_FALSE(same("2001:db8::1", "2001:db8:0:1::1"));
    CHECK(same("192.0.2.1", "::ffff:192.0.2.1"));
}

TEST_CASE("peer_count: a place is given back once, by whoever has it at the end")
{
    peer_count count(1);
    {
        std::optional<peer_place> place = count.take(peer("192.0.2.1"));
        REQUIRE(place);
        const peer_place moved = std::move(*place);
        place.reset();
        CHECK_FALSE(count.take(peer("192.0.2.1")));
    }
    CHECK(count.take(peer("192.0.2.1")));
}

} // namespace
