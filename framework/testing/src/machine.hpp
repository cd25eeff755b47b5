// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "accept_queue.hpp"

#include <rill/detail/simulation.hpp>
#include <rill/endpoint.hpp>
#include <rill/task.hpp>

#include <boost/asio/ip/address.hpp>

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

namespace rill::RILL_FORM::testing::simulation {

class fabric;

/// What a host is made of.
class machine : public std::enable_shared_from_this<machine> {
public:
    machine(fabric& f, std::size_t i, std::string n);

    const std::size_t index;
    const std::string name;
    const asio::ip::address v4;
    const asio::ip::address v6;

    const std::shared_ptr<socket_limit> sockets = std::make_shared<socket_limit>();

    fabric* net; // null: the network is gone
    bool up = true;

    /// Whether others can reach it there.
    bool has(const asio::ip::address& a) const { return a == v4 || a == v6; }

    /// Whether it can be reached there, from itself at least.
    bool owns(const asio::ip::address& a) const;

    /// Throws system_error naming the address if nothing can be bound to it.
    void check_local(const endpoint& at) const;

    /// Null if nobody listens there. Of several that share the address, each has its turn.
    std::shared_ptr<accept_queue> listener_at(const endpoint& to);

    /// Throws system_error naming the address if that cannot be.
    std::shared_ptr<accept_queue> listen(const endpoint& at, int backlog, bool shared);

    unsigned short next_port();

    /// Listeners and tasks end; connections are the network's matter.
    void crash();

    /// For the end of the network: nobody listens any more.
    void stop_listening(error_code why);

private:
    std::vector<task_ref> tasks() const;
    bool is_taken(const endpoint& at, bool shared) const;
    endpoint with_free_port(const endpoint& at, bool shared);

    std::vector<std::weak_ptr<accept_queue>> listeners_;
    std::size_t turn_ = 0;
    unsigned short last_port_ = 32767;
};

endpoint tcp_endpoint(const asio::ip::address& a, unsigned short port);

} // namespace rill::RILL_FORM::testing::simulation
