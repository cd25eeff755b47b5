// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/endpoint.hpp>

#include <vector>

namespace rill::app::detail {

/// Keeps addresses for this process, which may then listen on each with as many sockets as it has
/// workers. It never listens itself.
///
/// With SO_REUSEPORT alone, any process of the same user could listen there as well: a second
/// instance of a service would start silently and take a part of the connections.
class port_reservation {
public:
    /// Port 0 becomes a free one, the same for all. An address family that the machine does not
    /// have is passed over among several. system_error, naming the address, if another process has
    /// it. Unix sockets are left as they are, for nobody can share them.
    explicit port_reservation(const std::vector<endpoint>& at);
    ~port_reservation();

    port_reservation(const port_reservation&) = delete;
    port_reservation& operator=(const port_reservation&) = delete;

    const std::vector<endpoint>& endpoints() const noexcept { return endpoints_; }

private:
    bool reserve_with_one_port(const std::vector<endpoint>& at);
    void reserve(const endpoint& at);
    void release() noexcept;

    std::vector<int> sockets_;
    std::vector<endpoint> endpoints_;
};

} // namespace rill::app::detail
