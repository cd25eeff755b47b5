// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/awaitable.hpp>
#include <rill/detail/needs_net.hpp>
#include <rill/detail/net_detail.hpp>
#include <rill/detail/resolver.hpp>
#include <rill/endpoint.hpp>
#include <rill/stream_socket.hpp>

#include <memory>

namespace rill {

class server_options;

namespace net_detail {

/// Where a server's connections come from: a listening socket of the system's or of a simulated
/// network.
class incoming {
public:
    virtual ~incoming() = default;

    /// Where it listens, port 0 replaced.
    virtual const endpoint& local() const noexcept = 0;

    /// Returns once a connection may be there, or the listening has come to an end: with an error,
    /// also that of this object.
    virtual awaitable<error_code> wait() = 0;

    /// The next connection and who it is from; `would_block` if there is none. Never throws for
    /// want of descriptors or memory of the system's: that is an error code.
    virtual stream_socket accept(endpoint& peer, error_code& ec) = 0;

    /// Makes no connections any more as far as it knows how; those that were made can be accepted.
    virtual void make_no_more() noexcept {}

    virtual void close() noexcept = 0;
};

/// A network that takes the place of the system's for one loop. Whatever Rill opens is opened in
/// the task that asked for it, which is how a simulation knows whose it is.
class network_backend {
public:
    virtual resolver& names() noexcept = 0;

    /// A socket to connect to `for_what` with, bound to `from` unless that is null. Throws as if
    /// there were none to be had, or that address were not free.
    virtual stream_socket open_stream(const endpoint& for_what, const endpoint* from) = 0;

    /// system_error naming the address if it cannot be listened on.
    virtual std::unique_ptr<incoming> listen(const endpoint& at, const server_options& options) = 0;

    /// The loop dies: it is not to be used any more.
    virtual void loop_ends() noexcept = 0;

protected:
    ~network_backend() = default;
};

/// Which network a loop has.
class network_service final : public asio::execution_context::service {
public:
    static inline asio::execution_context::id id;

    static network_service& of(loop_core& core)
    {
        return asio::use_service<network_service>(core.io());
    }

    explicit network_service(asio::execution_context& context);

    /// Null: the system's.
    network_backend* backend() const noexcept { return backend_; }

    /// Of the network that it is.
    resolver& names() noexcept { return backend_ ? backend_->names() : names_; }

    void set_backend(network_backend* b) noexcept { backend_ = b; }

private:
    void shutdown() noexcept override
    {
        if (backend_)
            backend_->loop_ends();
        backend_ = nullptr;
    }

    network_backend* backend_ = nullptr;
    resolver names_; // the system's
};

} // namespace net_detail
} // namespace rill
