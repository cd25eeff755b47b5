// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "tls_engine.hpp"

#include <rill/detail/net_detail.hpp>
#include <rill/detail/virtual_socket.hpp>
#include <rill/stream_socket.hpp>
#include <rill/tls_context.hpp>
#include <rill/tls_info.hpp>

#include <boost/smart_ptr/intrusive_ptr.hpp>

#include <memory>
#include <string>

namespace rill::RILL_FORM::net_detail {

class tls_carrier;

/// TLS over another socket, real or virtual, as a socket. It begins with a handshake; until that is
/// done nothing else may be asked of it than to close.
class tls_socket final : public virtual_socket {
public:
    /// `early`: bytes that have been read from `below` already.
    tls_socket(
        stream_socket below, const tls_context& context, std::string name, std::string_view early
    );
    ~tls_socket() override;

    /// `would_block` until it is done.
    void handshake(error_code& ec);

    const tls_engine& engine() const noexcept { return engine_; }

    // virtual_socket

    bool is_open() const noexcept override;
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
    bool can_half_close() const noexcept override { return engine_.can_half_close(); }
    duration farewell_limit() const noexcept override;
    void bid_farewell(error_code& ec) override;
    const tls_info* tls() const noexcept override;
    void set_option(int level, int name, const void* value, std::size_t size) override;
    std::size_t available(error_code& ec) const override;
    endpoint local_endpoint(error_code& ec) const override;
    endpoint remote_endpoint(error_code& ec) const override;

protected:
    void do_close() override;

private:
    friend tls_carrier;

    void expect() override;
    void expect_less() noexcept override;

    /// Something has come, gone or failed below.
    void look_again();

    boost::intrusive_ptr<tls_carrier> carrier_;
    tls_engine engine_;
    tls_info info_;
    bool reads_no_more_ = false; // shut down on this side
    bool parting_ = false;       // the same, by a farewell
};

using tls_handshake = virtual_step<tls_socket, &tls_socket::handshake>;

} // namespace rill::RILL_FORM::net_detail
