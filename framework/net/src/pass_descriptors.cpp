// SPDX-License-Identifier: BSL-1.0
#include "flush_all.hpp"
#include "sockets.hpp"

#include <rill/pass_descriptors.hpp>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/error.hpp>

#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <optional>
#include <stdexcept>
#include <string_view>

namespace rill {

namespace {

constexpr std::size_t most_at_once = 253; // SCM_MAX_FD of Linux
constexpr const char* sending = "passing descriptors on";
constexpr const char* receiving = "receiving descriptors";

/// Of a unix socket of the system's, which never waits in a system call.
int native_socket(stream& s, const char* what)
{
    stream_socket& socket = s.socket();
    error_code ec;
    const endpoint local = socket.local_endpoint(ec);
    const int fd = socket.is_open() ? socket.native_handle() : -1;
    if (ec || local.data()->sa_family != AF_UNIX || fd < 0 || socket.tls())
        net_detail::throw_error(asio::error::operation_not_supported, what);
    socket.native_non_blocking(true);
    return fd;
}

/// What a system call has given; empty if it would have had to wait.
std::optional<std::size_t> result_of(ssize_t n, const char* what)
{
    if (n >= 0)
        return static_cast<std::size_t>(n);
    if (errno != EAGAIN && errno != EINTR)
        net_detail::throw_last_error(what);
    return std::nullopt;
}

awaitable<void> wait_until(stream_socket::wait_type possible, stream& s, const char* what)
{
    const auto [ec] = co_await s.socket().async_wait(possible, asio::as_tuple(asio::deferred));
    if (ec)
        net_detail::throw_error(ec, what);
}

/// Place for what comes with a message.
struct control {
    explicit control(std::size_t descriptors)
        : bytes(CMSG_SPACE(descriptors * sizeof(int)))
    {}

    std::vector<char> bytes;
};

msghdr header_of(iovec& text, control& beside)
{
    msghdr header{};
    header.msg_iov = &text;
    header.msg_iovlen = 1;
    header.msg_control = beside.bytes.data();
    header.msg_controllen = beside.bytes.size();
    return header;
}

ssize_t send_with(int socket, std::string& message, const std::vector<int>& descriptors)
{
    iovec text{message.data(), message.size()};
    control beside(descriptors.size());
    msghdr header = header_of(text, beside);
    if (descriptors.empty()) {
        header.msg_control = nullptr;
        header.msg_controllen = 0;
    } else {
        cmsghdr* const first = CMSG_FIRSTHDR(&header);
        const std::size_t size = descriptors.size() * sizeof(int);
        first->cmsg_level = SOL_SOCKET;
        first->cmsg_type = SCM_RIGHTS;
        first->cmsg_len = CMSG_LEN(size);
        std::memcpy(CMSG_DATA(first), descriptors.data(), size);
    }
    return ::sendmsg(socket, &header, MSG_NOSIGNAL | MSG_DONTWAIT);
}

/// Whatever has come is taken over, so that nothing stays open.
void take_descriptors(msghdr& header, std::vector<unique_fd>& to)
{
    for (cmsghdr* c = CMSG_FIRSTHDR(&header); c; c = CMSG_NXTHDR(&header, c)) {
        if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
            continue;
        std::vector<int> numbers((c->cmsg_len - CMSG_LEN(0)) / sizeof(int));
        std::memcpy(numbers.data(), CMSG_DATA(c), numbers.size() * sizeof(int));
        for (const int number : numbers)
            to.emplace_back(number);
    }
}

awaitable<void> send(stream& s, std::string message, std::vector<int> descriptors)
{
    for (;;) {
        // Others may have written meanwhile: what is left of the message must follow its beginning.
        co_await net_detail::flush_all(net_detail::writer_access::pump_of(s.writer()));
        const int socket = native_socket(s, sending);
        if (const auto sent = result_of(send_with(socket, message, descriptors), sending)) {
            s.writer().write(std::string_view(message).substr(*sent));
            break;
        }
        co_await wait_until(stream_socket::wait_write, s, sending);
    }
    co_await net_detail::flush_all(net_detail::writer_access::pump_of(s.writer()));
}

} // namespace

awaitable<void> send_descriptors(stream& s, std::string message, std::vector<int> descriptors)
{
    if (message.empty())
        throw std::invalid_argument("rill::send_descriptors: the message is empty");
    if (descriptors.size() > most_at_once)
        throw std::invalid_argument("rill::send_descriptors: there are more than 253 descriptors");
    return send(s, std::move(message), std::move(descriptors));
}

awaitable<received_descriptors>
receive_descriptors(stream& s, std::size_t most_bytes, std::size_t most_descriptors)
{
    if (!s.reader().buffered().empty())
        throw std::logic_error("rill::receive_descriptors: the reader holds bytes");
    received_descriptors result;
    result.message.resize(most_bytes);
    control beside(std::min(most_descriptors, most_at_once));
    for (;;) {
        iovec text{result.message.data(), result.message.size()};
        msghdr header = header_of(text, beside);
        const int socket = native_socket(s, receiving);
        const ssize_t n = ::recvmsg(socket, &header, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
        if (const auto got = result_of(n, receiving)) {
            take_descriptors(header, result.descriptors);
            const bool cut = (header.msg_flags & MSG_CTRUNC) != 0;
            if (cut || result.descriptors.size() > most_descriptors)
                net_detail::throw_error(asio::error::message_size, receiving);
            result.message.resize(*got);
            co_return result;
        }
        co_await wait_until(stream_socket::wait_read, s, receiving);
    }
}

} // namespace rill
