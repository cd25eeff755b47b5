// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/detail/form.hpp>
#include <rill/endpoint.hpp>

#include <cstddef>
#include <cstdint>
#include <map>
#include <mutex>
#include <optional>

namespace rill::RILL_FORM::net_detail {

class peer_count;

/// One of the connections that a peer may have, given back when it goes. Empty: it does not count.
class peer_place {
public:
    peer_place() = default;

    peer_place(peer_count& in, std::uint64_t peer) noexcept
        : count_(&in)
        , peer_(peer)
    {}

    peer_place(peer_place&& other) noexcept;
    peer_place& operator=(peer_place&& other) noexcept;
    ~peer_place();

private:
    peer_count* count_ = nullptr;
    std::uint64_t peer_ = 0;
};

/// How many connections each peer has, of all servers that share it. Any thread may use it.
///
/// A peer is an IPv4 address or a /64 of IPv6: that is the least that a customer or a machine is
/// given, and it may use any address in there (RFC 7934). What is counted by single addresses of
/// IPv6 is not limited at all.
class peer_count {
public:
    /// std::invalid_argument if that would serve nobody.
    explicit peer_count(std::size_t most);

    /// Empty if the peer has as many as he may. The place must not outlive this.
    std::optional<peer_place> take(const endpoint& peer);

    void give_back(std::uint64_t peer) noexcept;

private:
    const std::size_t most_;
    std::mutex mutex_;
    std::map<std::uint64_t, std::size_t>
        counts_; // a tree: nobody can choose addresses that collide
};

} // namespace rill::RILL_FORM::net_detail
