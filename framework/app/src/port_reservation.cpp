// SPDX-License-Identifier: BSL-1.0
#include "port_reservation.hpp"

#include <rill/error.hpp>
#include <rill/extend_listening.hpp>

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

namespace rill::app::detail {

namespace {

constexpr int most_ports = 50; // that are tried until one is free for all addresses

bool is_tcp(const endpoint& e)
{
    return e.data()->sa_family == AF_INET || e.data()->sa_family == AF_INET6;
}

endpoint with_port(endpoint e, unsigned short port)
{
    if (e.data()->sa_family == AF_INET)
        reinterpret_cast<sockaddr_in*>(e.data())->sin_port = htons(port);
    else if (e.data()->sa_family == AF_INET6)
        reinterpret_cast<sockaddr_in6*>(e.data())->sin6_port = htons(port);
    return e;
}

[[noreturn]] void refuse(const endpoint& at, int error)
{
    throw system_error(
        error_code(error, boost::system::system_category()), "listening on " + to_string(at)
    );
}

bool is(const system_error& error, int number)
{
    return error.code() == error_code(number, boost::system::system_category());
}

void set(int fd, int level, int option, int value, const endpoint& at)
{
    if (::setsockopt(fd, level, option, &value, sizeof value) != 0)
        refuse(at, errno);
}

endpoint local_of(int fd, const endpoint& at)
{
    sockaddr_storage address{};
    socklen_t size = sizeof address;
    if (::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size) != 0)
        refuse(at, errno);
    return endpoint(&address, size);
}

} // namespace

port_reservation::port_reservation(const listen_address& at)
    : address_(at)
{
    std::vector<listen_address::place> places = at.places();
    try {
        for (listen_address::place& place : places)
            reserve(place.endpoints);
    } catch (...) {
        release(0);
        throw;
    }
    address_ = listen_address(std::move(places));
}

port_reservation::~port_reservation()
{
    release(0);
}

/// All of a place, which become what was reserved.
void port_reservation::reserve(std::vector<endpoint>& all)
{
    const std::size_t before = sockets_.size();
    std::vector<endpoint> reserved;
    for (int tried = 1; !reserve_with_one_port(all, reserved); ++tried) {
        if (tried == most_ports)
            refuse(all.front(), EADDRINUSE);
        release(before);
        reserved.clear();
    }
    all = std::move(reserved);
}

/// False if the port that was free for the first address is not so for another.
bool port_reservation::reserve_with_one_port(
    const std::vector<endpoint>& at, std::vector<endpoint>& reserved
)
{
    unsigned short free_port = 0;
    for (const endpoint& e : at) {
        const bool any = is_tcp(e) && port_of(e) == 0;
        try {
            reserved.push_back(reserve(any ? with_port(e, free_port) : e));
        } catch (const system_error& error) {
            if (any && free_port != 0 && is(error, EADDRINUSE))
                return false;
            const bool last_hope = reserved.empty() && &e == &at.back();
            if (last_hope || !extend::is_family_missing(error.code(), e))
                throw;
            continue;
        }
        if (any)
            free_port = port_of(reserved.back());
    }
    return true;
}

/// The kernel lets a socket be bound to an address that another one has if both have SO_REUSEPORT,
/// or if both have SO_REUSEADDR and neither listens. So this one has the latter while it is bound,
/// for what is left of earlier connections; then the former alone, for the sockets of this process.
/// Another reservation finds the address taken.
endpoint port_reservation::reserve(const endpoint& at)
{
    if (!is_tcp(at))
        return at;
    sockets_.reserve(sockets_.size() + 1);
    const int fd = ::socket(at.data()->sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        refuse(at, errno);
    sockets_.push_back(fd);
    set(fd, SOL_SOCKET, SO_REUSEADDR, 1, at);
    if (at.data()->sa_family == AF_INET6) // IPv4 has a socket of its own
        set(fd, IPPROTO_IPV6, IPV6_V6ONLY, 1, at);
    if (::bind(fd, at.data(), static_cast<socklen_t>(at.size())) != 0)
        refuse(at, errno);
    set(fd, SOL_SOCKET, SO_REUSEPORT, 1, at);
    set(fd, SOL_SOCKET, SO_REUSEADDR, 0, at);
    return local_of(fd, at);
}

/// All but the first so many.
void port_reservation::release(std::size_t kept) noexcept
{
    for (; sockets_.size() > kept; sockets_.pop_back())
        ::close(sockets_.back());
}

} // namespace rill::app::detail
