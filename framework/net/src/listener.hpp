// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "sockets.hpp"

#include <rill/detail/network_backend.hpp>
#include <rill/endpoint.hpp>
#include <rill/listen_address.hpp>
#include <rill/server_options.hpp>

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/basic_stream_descriptor.hpp>

#include <sys/types.h>

#include <memory>
#include <string>
#include <vector>

namespace rill::RILL_FORM::net_detail {

/// A listening socket of the system's, and the file of a unix one.
class listener final : public incoming {
public:
    /// system_error naming the address if it cannot be listened on.
    listener(
        const asio::io_context::executor_type& ex, const endpoint& at, const server_options& options
    );

    /// Listens with others at a socket that listens already.
    listener(
        const asio::io_context::executor_type& ex,
        unique_fd socket,
        const endpoint& at,
        const server_options& options
    );

    ~listener() override;

    listener(const listener&) = delete;
    listener& operator=(const listener&) = delete;

    const endpoint& local() const noexcept override { return local_; }

    awaitable<error_code> wait() override;
    stream_socket accept(endpoint& peer, error_code& ec) override;
    void make_no_more() noexcept override;
    void close() noexcept override;

private:
    using descriptor = asio::posix::basic_stream_descriptor<asio::io_context::executor_type>;

    void remember_file();
    void remove_file() noexcept;

    descriptor socket_;
    endpoint local_;
    bool shared_ = false; // with others, who go on
    std::string path_;    // of a unix socket's file; empty: there is none
    dev_t device_ = 0;    // which file that was when it was made
    ino_t inode_ = 0;
};

/// What listens at a place, at all that is to be had there, in the loop's network. An address of a
/// family that the machine does not have is passed over among several. system_error naming the
/// address if it cannot be listened on; std::invalid_argument for a name.
std::vector<std::unique_ptr<incoming>>
listen_at(loop_core& core, const listen_address::place& at, const server_options& options);

} // namespace rill::RILL_FORM::net_detail
