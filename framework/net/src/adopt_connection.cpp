// SPDX-License-Identifier: BSL-1.0
#include "sockets.hpp"

#include <rill/adopt_connection.hpp>
#include <rill/detail/net_detail.hpp>

#include <fcntl.h>
#include <sys/socket.h>

#include <stdexcept>

namespace rill {

namespace {

int option(int fd, int name)
{
    int value = 0;
    socklen_t size = sizeof value;
    if (::getsockopt(fd, SOL_SOCKET, name, &value, &size) != 0)
        net_detail::throw_last_error("adopting a connection");
    return value;
}

stream adopt(extend::loop_core& core, int descriptor, const stream_options& options)
{
    unique_fd fd(descriptor);
    if (option(descriptor, SO_TYPE) != SOCK_STREAM)
        throw std::invalid_argument("rill::adopt_connection: the socket is none of streams");
    if (option(descriptor, SO_ACCEPTCONN) != 0)
        throw std::invalid_argument("rill::adopt_connection: the socket listens");
    if (::fcntl(descriptor, F_SETFD, FD_CLOEXEC) != 0)
        net_detail::throw_last_error("adopting a connection");
    const stream_protocol protocol(option(descriptor, SO_DOMAIN), option(descriptor, SO_PROTOCOL));
    stream_socket socket(core.executor());
    socket.assign(protocol, descriptor);
    fd.release();
    return stream(std::move(socket), options);
}

} // namespace

stream
adopt_connection(const asio::any_io_executor& ex, int descriptor, const stream_options& options)
{
    return adopt(extend::loop_core::of(ex), descriptor, options);
}

stream adopt_connection(int descriptor, const stream_options& options)
{
    return adopt(extend::loop_core::running(), descriptor, options);
}

} // namespace rill
