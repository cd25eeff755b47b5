// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "channel.hpp"

#include <rill/detail/simulation.hpp>
#include <rill/extend_net.hpp>

#include <memory>
#include <utility>

namespace rill::RILL_FORM::testing::simulation {

/// One end of a connection, as its socket's owner sees it. What the operations answer, and which
/// error comes first, is as on Linux.
class stream_end : public virtual_socket {
public:
    using virtual_socket::virtual_socket;
    ~stream_end() override;

    /// From now on it is connected. `owner` keeps the channels alive; it is let go by close().
    void establish(
        channel& in,
        channel& out,
        std::shared_ptr<void> owner,
        const endpoint& local,
        const endpoint& remote
    );

    bool is_established() const noexcept { return in_ != nullptr; }

    /// One of the host's sockets, see socket_limit; let go of by close().
    void occupy(std::shared_ptr<void> place) noexcept { place_ = std::move(place); }

    // What the channels report

    /// Bytes, or the end of them, have arrived.
    void look_for_bytes() { wake_readers(); }

    /// There is room for more.
    void look_for_room() { wake_writers(); }

    /// The connection is over. What has arrived can still be read, then comes `why`, once.
    void fail(error_code why);

    /// Nobody will read what is written.
    void lose_reader();

    bool reads_wait() const noexcept { return anybody_reads(); }

    bool writes_wait() const noexcept { return anybody_writes(); }

    /// Whether the end of what the peer sends is known here.
    bool knows_end() const noexcept { return in_ && in_->ended(); }

    /// Closing cuts the connection, as with a linger time of zero.
    void cut_when_closed() noexcept { linger_zero_ = true; }

    // virtual_socket

    bool is_open() const noexcept override { return open_; }

    void connect(const endpoint& to, error_code& ec) override;
    void connected(error_code& ec) noexcept override;
    bool readable() noexcept override;
    bool writable() override;
    bool failed() const noexcept override;
    peer_state peer() const noexcept override;
    std::size_t try_read(std::span<const asio::mutable_buffer> room, error_code& ec) override;
    std::size_t try_write(std::span<const asio::const_buffer> data, error_code& ec) override;
    error_code take_error() noexcept override;
    void shutdown(asio::socket_base::shutdown_type what, error_code& ec) override;
    void set_option(int level, int name, const void* value, std::size_t size) override;
    std::size_t available(error_code& ec) const override;
    endpoint local_endpoint(error_code& ec) const override;
    endpoint remote_endpoint(error_code& ec) const override;

protected:
    void do_close() override;

private:
    void leave() noexcept;

    bool open_ = true;
    bool linger_zero_ = false;
    bool sends_no_more_ = false; // shut down for sending, or nobody would read it
    bool reads_no_more_ = false;
    bool over_ = false;  // the connection has failed
    error_code failure_; // why, until somebody has been told

    channel* in_ = nullptr; // both null until the end is established
    channel* out_ = nullptr;
    std::shared_ptr<void> owner_; // null once closed
    std::shared_ptr<void> place_;
    endpoint local_;
    endpoint remote_;
};

} // namespace rill::RILL_FORM::testing::simulation
