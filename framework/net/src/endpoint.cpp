// SPDX-License-Identifier: BSL-1.0
#include <rill/endpoint.hpp>

#include <boost/asio/ip/tcp.hpp>

#include <sys/socket.h>
#include <sys/un.h>

#include <algorithm>
#include <cstring>
#include <sstream>

namespace rill {

namespace {

asio::ip::tcp::endpoint as_tcp(const endpoint& e)
{
    asio::ip::tcp::endpoint tcp;
    tcp.resize(e.size());
    std::memcpy(tcp.data(), e.data(), e.size());
    return tcp;
}

bool is_tcp(const endpoint& e)
{
    return e.data()->sa_family == AF_INET || e.data()->sa_family == AF_INET6;
}

std::string unix_path(const endpoint& e)
{
    constexpr std::size_t head = offsetof(sockaddr_un, sun_path);
    if (e.size() <= head)
        return {};
    const char* path = reinterpret_cast<const char*>(e.data()) + head;
    std::string text(path, e.size() - head);
    if (text.front() == '\0') { // of the abstract kind, which lsof and ss write with an @
        text.front() = '@';
        return text;
    }
    return text.substr(0, text.find('\0'));
}

} // namespace

std::string to_string(const endpoint& e)
{
    if (!is_tcp(e))
        return "unix:" + unix_path(e);
    std::ostringstream text;
    text << as_tcp(e);
    return text.str();
}

unsigned short port_of(const endpoint& e)
{
    return is_tcp(e) ? as_tcp(e).port() : static_cast<unsigned short>(0);
}

asio::ip::address address_of(const endpoint& e)
{
    return as_tcp(e).address();
}

bool is_unix(const endpoint& e) noexcept
{
    return e.data()->sa_family == AF_UNIX;
}

} // namespace rill
