// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <support/http_text.hpp>

#include <arpa/inet.h>
#include <doctest/doctest.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

namespace test {

/// A blocking TCP client: raw bytes out, raw bytes in. It shares no code with what it tests.
class client {
public:
    explicit client(unsigned short port, int receive_buffer = 0)
        : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0))
    {
        REQUIRE(fd_ >= 0);
        if (receive_buffer > 0)
            set(SOL_SOCKET, SO_RCVBUF, receive_buffer);
        set(IPPROTO_TCP, TCP_NODELAY, 1);
        const timeval patience{20, 0};
        ::setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
        sockaddr_in to{};
        to.sin_family = AF_INET;
        to.sin_port = htons(port);
        to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        REQUIRE(::connect(fd_, reinterpret_cast<sockaddr*>(&to), sizeof to) == 0);
    }

    ~client() { ::close(fd_); }

    client(const client&) = delete;

    /// False if the server has closed the connection.
    bool send(std::string_view bytes)
    {
        while (!bytes.empty()) {
            const auto n = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
            if (n < 0)
                return false;
            bytes.remove_prefix(static_cast<std::size_t>(n));
        }
        return true;
    }

    void send_byte_by_byte(std::string_view bytes)
    {
        for (const char c : bytes)
            REQUIRE(send(std::string_view(&c, 1)));
    }

    /// The next response, without its Date line. Empty once the connection is closed.
    std::string response(bool head_only = false)
    {
        while (pending_.find("\r\n\r\n") == std::string::npos)
            if (!receive())
                return std::exchange(pending_, {});
        auto size = pending_.find("\r\n\r\n") + 4;
        if (!head_only)
            size += content_length(pending_.substr(0, size));
        while (pending_.size() < size)
            if (!receive())
                return std::exchange(pending_, {});
        const auto whole = pending_.substr(0, size);
        pending_.erase(0, size);
        return without_date(whole);
    }

    /// Everything up to the end of the connection.
    std::string rest()
    {
        while (receive()) {
        }
        return std::exchange(pending_, {});
    }

    /// At least the next `n` bytes, or everything up to the end of the connection.
    void receive_at_least(std::size_t n)
    {
        const auto enough = pending_.size() + n;
        while (pending_.size() < enough && receive())
            continue;
    }

    /// Whether the server closes the connection without another byte.
    bool closed() { return pending_.empty() && !receive() && !timed_out_; }

    void half_close() { ::shutdown(fd_, SHUT_WR); }

    /// Closes with a reset instead of an orderly end.
    void reset()
    {
        const linger at_once{1, 0};
        ::setsockopt(fd_, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
        ::close(std::exchange(fd_, -1));
    }

private:
    void set(int level, int option, int value)
    {
        ::setsockopt(fd_, level, option, &value, sizeof value);
    }

    bool receive()
    {
        char bytes[64 * 1024];
        const auto n = ::recv(fd_, bytes, sizeof bytes, 0);
        timed_out_ = n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK);
        CHECK_FALSE(timed_out_);
        if (n > 0)
            pending_.append(bytes, static_cast<std::size_t>(n));
        return n > 0;
    }

    int fd_;
    std::string pending_;
    bool timed_out_ = false;
};

} // namespace test
