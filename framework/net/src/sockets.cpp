// SPDX-License-Identifier: BSL-1.0
#include "sockets.hpp"

#include <rill/detail/missing_family.hpp>
#include <rill/detail/plain_error.hpp>
#include <rill/detail/stream_traits.hpp>

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>

#include <fcntl.h>
#include <linux/filter.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <iterator>
#include <stdexcept>
#include <utility>

namespace rill::RILL_FORM::net_detail {

unique_fd open_socket(const endpoint& for_what, const std::string& what)
{
    unique_fd fd(::socket(for_what.data()->sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0));
    if (!fd)
        throw_last_error(what);
    return fd;
}

void bind_for_connect(int fd, const endpoint& from)
{
    // A free port is chosen by connect then, and need only be free for its peer: there are more
    // connections to be had than ports.
    const int on = 1;
    if (from.data()->sa_family != AF_UNIX && port_of(from) == 0)
        ::setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on);
    if (::bind(fd, from.data(), static_cast<socklen_t>(from.size())) == 0)
        return;
    const error_code ec = last_error(); // before a text is made, which may change errno
    throw_error(ec, "binding to " + to_string(from));
}

void set_options(
    int fd, const endpoint& address, const socket_options& options, const std::string& whose
)
{
    const auto set = [&](int level, int option, const char* name, int value) {
        if (::setsockopt(fd, level, option, &value, sizeof value) == 0)
            return;
        const error_code ec = last_error(); // before a text is made, which may change errno
        throw_error(ec, "setting " + std::string(name) + " of " + whose);
    };
    if (options.receive_bytes)
        set(SOL_SOCKET, SO_RCVBUF, "SO_RCVBUF", *options.receive_bytes);
    if (options.send_bytes)
        set(SOL_SOCKET, SO_SNDBUF, "SO_SNDBUF", *options.send_bytes);
    if (is_unix(address))
        return;
    if (const auto& asked = options.kept_alive) {
        set(SOL_SOCKET, SO_KEEPALIVE, "SO_KEEPALIVE", 1);
        set(IPPROTO_TCP, TCP_KEEPIDLE, "TCP_KEEPIDLE", static_cast<int>(asked->idle.count()));
        set(IPPROTO_TCP, TCP_KEEPINTVL, "TCP_KEEPINTVL", static_cast<int>(asked->interval.count()));
        set(IPPROTO_TCP, TCP_KEEPCNT, "TCP_KEEPCNT", asked->probes);
    }
    if (const auto& limit = options.unacknowledged)
        set(IPPROTO_TCP, TCP_USER_TIMEOUT, "TCP_USER_TIMEOUT", static_cast<int>(limit->count()));
}

unique_fd accept_from(int listener, endpoint& peer, error_code& ec) noexcept
{
    sockaddr_storage from{};
    socklen_t size = sizeof from;
    unique_fd fd(::accept4(listener, reinterpret_cast<sockaddr*>(&from), &size, SOCK_CLOEXEC));
    ec = fd ? error_code() : last_error();
    if (fd) // a unix client without a name has an address of the family alone
        peer = endpoint(&from, size);
    return fd;
}

void ignore_requests_to_connect(int listener) noexcept
{
    constexpr __u32 flags_at = 13; // of a TCP header, where a filter's packet begins
    constexpr __u32 syn = 0x02;
    constexpr __u32 ack = 0x10;
    sock_filter program[] = {
        BPF_STMT(BPF_LD | BPF_B | BPF_ABS, flags_at),
        BPF_STMT(BPF_ALU | BPF_AND | BPF_K, syn | ack),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, syn, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, 0),
        BPF_STMT(BPF_RET | BPF_K, ~__u32{0}),
    };
    const sock_fprog filter{static_cast<unsigned short>(std::size(program)), program};
    ::setsockopt(listener, SOL_SOCKET, SO_ATTACH_FILTER, &filter, sizeof filter);
}

bool is_family_missing(const error_code& ec, const endpoint& at)
{
    if (ec.value() == EAFNOSUPPORT)
        return true;
    return ec.value() == EADDRNOTAVAIL && !is_unix(at) &&
           address_of(at) == asio::ip::address_v6::loopback();
}

unique_fd open_reserve() noexcept
{
    return unique_fd(::open("/dev/null", O_RDONLY | O_CLOEXEC));
}

void set_no_delay(stream_socket& socket, const endpoint& peer)
{
    error_code ignored;
    if (peer.data()->sa_family == AF_INET || peer.data()->sa_family == AF_INET6)
        socket.set_option(asio::ip::tcp::no_delay(true), ignored);
}

endpoint unix_endpoint(const std::string& path)
{
    constexpr std::size_t most = sizeof(sockaddr_un::sun_path) - 1;
    if (path.empty())
        throw std::invalid_argument("the path of a unix socket is empty");
    if (path.size() > most)
        throw std::invalid_argument(
            "the path of a unix socket has " + std::to_string(path.size()) + " bytes, at most " +
            std::to_string(most) + " are possible: " + path
        );
    if (path.front() == '@') // as lsof and ss write it, for the byte 0
        return asio::local::stream_protocol::endpoint('\0' + path.substr(1));
    return asio::local::stream_protocol::endpoint(path);
}

void throw_error(error_code ec, const std::string& what)
{
    throw system_error(plain_error(ec), what);
}

void throw_last_error(const std::string& what)
{
    throw_error(last_error(), what);
}

} // namespace rill::RILL_FORM::net_detail
