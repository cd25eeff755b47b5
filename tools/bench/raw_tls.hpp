// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/ssl.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>

// What the machine and OpenSSL allow: sockets and epoll, and nothing in between.
namespace raw {

[[noreturn]] inline void fail(const char* what)
{
    std::perror(what);
    std::exit(1);
}

inline int require(int result, const char* what)
{
    if (result < 0)
        fail(what);
    return result;
}

inline void set_no_delay(int fd)
{
    const int yes = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
}

inline void set_non_blocking(int fd)
{
    require(fcntl(fd, F_SETFL, O_NONBLOCK), "fcntl");
}

inline sockaddr_in local(int port)
{
    sockaddr_in at{};
    at.sin_family = AF_INET;
    at.sin_port = htons(static_cast<std::uint16_t>(port));
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return at;
}

/// A socket with TLS on it.
class connection {
public:
    connection(int fd, SSL_CTX* context)
        : fd_(fd)
        , tls_(SSL_new(context))
    {
        if (!tls_ || SSL_set_fd(tls_, fd) != 1)
            fail("SSL_new");
        SSL_set_mode(tls_, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    }

    ~connection()
    {
        SSL_free(tls_);
        close(fd_);
    }

    connection(const connection&) = delete;
    connection& operator=(const connection&) = delete;

    SSL* tls() const noexcept { return tls_; }

    int fd() const noexcept { return fd_; }

    /// Bytes moved; 0 where it would block, -1 at the end.
    int result_of(int n) const
    {
        if (n > 0)
            return n;
        const int why = SSL_get_error(tls_, n);
        return why == SSL_ERROR_WANT_READ || why == SSL_ERROR_WANT_WRITE ? 0 : -1;
    }

private:
    int fd_;
    SSL* tls_;
};

class poller {
public:
    poller()
        : fd_(require(epoll_create1(0), "epoll_create1"))
    {}

    void add(int fd, void* what) const
    {
        epoll_event e{};
        e.events = EPOLLIN;
        e.data.ptr = what;
        require(epoll_ctl(fd_, EPOLL_CTL_ADD, fd, &e), "epoll_ctl");
    }

    /// Calls ready(what) for each that can be read.
    template <class Ready>
    void wait(Ready ready) const
    {
        epoll_event events[128];
        const int n = epoll_wait(fd_, events, 128, 100);
        for (int i = 0; i < n; ++i)
            ready(events[i].data.ptr);
    }

private:
    int fd_;
};

} // namespace raw
