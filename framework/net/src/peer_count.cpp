// SPDX-License-Identifier: BSL-1.0
#include "peer_count.hpp"

#include <rill/server_options.hpp>

#include <boost/asio/ip/address.hpp>

#include <stdexcept>
#include <utility>

namespace rill {

server_options& server_options::max_connections_per_peer(std::size_t n)
{
    per_peer = std::make_shared<net_detail::peer_count>(n);
    return *this;
}

namespace net_detail {

namespace {

using namespace asio::ip;

/// An IPv4 address, or the first half of one of IPv6: no two are the same that count, since nothing
/// is given out of ::/32.
std::uint64_t key_of(const address& a)
{
    if (a.is_v4())
        return a.to_v4().to_uint();
    if (a.to_v6().is_v4_mapped())
        return make_address_v4(v4_mapped, a.to_v6()).to_uint();
    std::uint64_t first_half = 0;
    const auto bytes = a.to_v6().to_bytes();
    for (std::size_t i = 0; i < bytes.size() / 2; ++i)
        first_half = first_half << 8 | bytes[i];
    return first_half;
}

} // namespace

peer_place::peer_place(peer_place&& other) noexcept
    : count_(std::exchange(other.count_, nullptr))
    , peer_(other.peer_)
{}

peer_place& peer_place::operator=(peer_place&& other) noexcept
{
    std::swap(count_, other.count_);
    std::swap(peer_, other.peer_);
    return *this;
}

peer_place::~peer_place()
{
    if (count_)
        count_->give_back(peer_);
}

peer_count::peer_count(std::size_t most)
    : most_(most)
{
    if (most == 0)
        throw std::invalid_argument("rill::server: max_connections_per_peer must be at least 1");
}

std::optional<peer_place> peer_count::take(const endpoint& peer)
{
    if (is_unix(peer))
        return peer_place();
    const std::uint64_t key = key_of(address_of(peer));
    const std::lock_guard lock(mutex_);
    std::size_t& connections = counts_[key];
    if (connections >= most_)
        return std::nullopt;
    ++connections;
    return peer_place(*this, key);
}

void peer_count::give_back(std::uint64_t peer) noexcept
{
    const std::lock_guard lock(mutex_);
    const auto at = counts_.find(peer);
    if (--at->second == 0)
        counts_.erase(at);
}

} // namespace net_detail
} // namespace rill
