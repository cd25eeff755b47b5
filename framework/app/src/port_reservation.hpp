// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/endpoint.hpp>
#include <rill/listen_address.hpp>

#include <cstddef>
#include <vector>

namespace rill::app::detail {

/// Keeps addresses for this process, which may then listen on each with as many sockets as it has
/// workers. It never listens itself.
///
/// With SO_REUSEPORT alone, any process of the same user could listen there as well: a second
/// instance of a service would start silently and take a part of the connections.
class port_reservation {
public:
    /// Port 0 becomes a free one, the same for all of a place. An address family that the machine
    /// does not have is passed over among several. system_error, naming the address, if another
    /// process has it. Unix sockets are left as they are, for nobody can share them, and so are
    /// inherited ones, which the process has already.
    explicit port_reservation(const listen_address& at);
    ~port_reservation();

    port_reservation(const port_reservation&) = delete;
    port_reservation& operator=(const port_reservation&) = delete;

    /// With the ports that they became.
    const listen_address& address() const noexcept { return address_; }

private:
    void reserve(std::vector<endpoint>& all);
    bool reserve_with_one_port(const std::vector<endpoint>& at, std::vector<endpoint>& reserved);
    endpoint reserve(const endpoint& at);
    void release(std::size_t kept) noexcept;

    std::vector<int> sockets_;
    listen_address address_;
};

} // namespace rill::app::detail
