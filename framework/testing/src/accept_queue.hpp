// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "socket_limit.hpp"
#include "stream_end.hpp"

#include <rill/detail/simulation.hpp>
#include <rill/event.hpp>
#include <rill/extend_net.hpp>

#include <cstddef>
#include <deque>
#include <memory>

namespace rill::RILL_FORM::testing::simulation {

/// Connections that wait to be accepted on a host.
class accept_queue {
public:
    /// Those that are accepted are among `sockets`.
    accept_queue(
        loop_core& core,
        const endpoint& at,
        int backlog,
        bool shared,
        std::shared_ptr<socket_limit> sockets
    );
    ~accept_queue() { close(asio::error::operation_aborted); }

    const endpoint at;
    const bool shared;

    bool is_closed() const noexcept { return why_closed_.failed(); }

    /// A place for a connection that is being made. False if all are taken.
    bool reserve();
    void unreserve() noexcept { --reserved_; }

    /// A connection for a place that was reserved.
    void put(std::unique_ptr<stream_end> end, const endpoint& peer);

    /// Connections that nobody has accepted are reset.
    void close(error_code why) noexcept;

    static awaitable<error_code> wait(std::shared_ptr<accept_queue> self);
    stream_socket accept(endpoint& peer, error_code& ec);

private:
    struct waiting {
        std::unique_ptr<stream_end> end;
        endpoint peer;
    };

    loop_core& core_;
    const std::shared_ptr<socket_limit> sockets_;
    std::size_t places_;
    std::size_t reserved_ = 0;
    std::deque<waiting> queue_;
    event changed_; // set while there is something to look at
    error_code why_closed_;
};

/// The queue as a server sees it.
class acceptor final : public incoming {
public:
    explicit acceptor(std::shared_ptr<accept_queue> queue) noexcept
        : queue_(std::move(queue))
    {}

    ~acceptor() override { close(); }

    const endpoint& local() const noexcept override { return queue_->at; }

    awaitable<error_code> wait() override { return accept_queue::wait(queue_); }

    stream_socket accept(endpoint& peer, error_code& ec) override
    {
        return queue_->accept(peer, ec);
    }

    void close() noexcept override { queue_->close(asio::error::operation_aborted); }

private:
    std::shared_ptr<accept_queue> queue_;
};

} // namespace rill::RILL_FORM::testing::simulation
