// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "sockets.hpp"

#include <rill/endpoint.hpp>
#include <rill/server.hpp>

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/basic_stream_descriptor.hpp>

#include <sys/types.h>

#include <string>

namespace rill::detail {

/// A listening socket, and the file of a unix one.
class listener {
public:
    using descriptor = asio::posix::basic_stream_descriptor<asio::io_context::executor_type>;

    /// system_error naming the address if it cannot be listened on.
    listener(
        const asio::io_context::executor_type& ex, const endpoint& at, const server_options& options
    );
    ~listener();

    listener(const listener&) = delete;
    listener& operator=(const listener&) = delete;

    /// For waiting until a connection is there.
    descriptor& socket() noexcept { return socket_; }

    const endpoint& local() const noexcept { return local_; }

    void close() noexcept;

private:
    void remember_file();

    descriptor socket_;
    endpoint local_;
    std::string path_; // of a unix socket's file; empty: there is none
    dev_t device_ = 0; // which file that was when it was made
    ino_t inode_ = 0;
};

} // namespace rill::detail
