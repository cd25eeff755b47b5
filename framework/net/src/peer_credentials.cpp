// SPDX-License-Identifier: BSL-1.0
#include "sockets.hpp"

#include <rill/peer_credentials.hpp>

#include <boost/asio/error.hpp>

#include <sys/socket.h>
#include <unistd.h>

namespace rill {

peer_credentials peer_credentials_of(stream& s)
{
    constexpr const char* what = "asking who the peer is";
    stream_socket& socket = s.socket();
    if (socket.local_endpoint().data()->sa_family != AF_UNIX)
        net_detail::throw_error(asio::error::operation_not_supported, what);
    if (socket.is_open() && socket.native_handle() < 0) // a simulated one
        return {::getpid(), ::getuid(), ::getgid()};
    ucred peer{};
    socklen_t size = sizeof peer;
    if (::getsockopt(socket.native_handle(), SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0)
        net_detail::throw_last_error(what);
    return {peer.pid, peer.uid, peer.gid};
}

} // namespace rill
