// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/detail/form.hpp>
#include <rill/error.hpp>

#include <boost/asio/basic_socket.hpp>
#include <boost/asio/basic_stream_socket.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/socket_base.hpp>

#include <poll.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include <cerrno>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>
#include <type_traits>

namespace rill::RILL_FORM::net_detail {

// What Rill asks of a stream beyond AsyncReadStream and AsyncWriteStream, if the stream has it.

/// A stream that moves bytes at once in a way of its own.
template <class Stream>
concept tries_by_itself = requires(
    Stream& stream, std::span<char> room, std::span<const asio::const_buffer> data, error_code& ec
) {
    { stream.try_read(room, ec) } -> std::same_as<std::size_t>;
    { stream.try_write(data, ec) } -> std::same_as<std::size_t>;
};

/// Whether bytes can be moved at once, without a trip through the reactor: on sockets.
template <class Stream>
inline constexpr bool can_try_io = tries_by_itself<Stream>;

template <class Protocol, class Executor>
inline constexpr bool can_try_io<asio::basic_stream_socket<Protocol, Executor>> = true;

/// Whether a read asks its buffers for room each time that it is tried, and not once as it begins:
/// on sockets, of which Asio's reactor does it. io_uring is given them as it begins.
template <class Stream>
inline constexpr bool reads_late = false;

#ifndef BOOST_ASIO_HAS_IO_URING_AS_DEFAULT
template <class Protocol, class Executor>
inline constexpr bool reads_late<asio::basic_stream_socket<Protocol, Executor>> = true;
#endif

inline error_code last_error() noexcept
{
    return {errno == EWOULDBLOCK ? EAGAIN : errno, asio::error::get_system_category()};
}

/// Reads what is there. `would_block` if that is nothing, `eof` at the end. The socket's own
/// blocking mode is left as its owner set it.
template <class Protocol, class Executor>
std::size_t try_read(
    asio::basic_stream_socket<Protocol, Executor>& socket, std::span<char> room, error_code& ec
) noexcept
{
    for (;;) {
        const ssize_t n = ::recv(socket.native_handle(), room.data(), room.size(), MSG_DONTWAIT);
        if (n >= 0) {
            ec = n == 0 ? error_code(asio::error::eof) : error_code();
            return static_cast<std::size_t>(n);
        }
        if (errno != EINTR) {
            ec = last_error();
            return 0;
        }
    }
}

/// Writes what the socket takes, in one system call.
template <class Protocol, class Executor>
std::size_t try_write(
    asio::basic_stream_socket<Protocol, Executor>& socket,
    std::span<const asio::const_buffer> data,
    error_code& ec
) noexcept
{
    constexpr int flags = MSG_DONTWAIT | MSG_NOSIGNAL;
    ssize_t n = 0;
    do {
        if (data.size() == 1) {
            n = ::send(socket.native_handle(), data[0].data(), data[0].size(), flags);
        } else {
            iovec parts[16];
            msghdr message{};
            message.msg_iov = parts;
            for (const asio::const_buffer& b : data)
                if (message.msg_iovlen < std::size(parts))
                    parts[message.msg_iovlen++] = {const_cast<void*>(b.data()), b.size()};
            n = ::sendmsg(socket.native_handle(), &message, flags);
        }
    } while (n < 0 && errno == EINTR);
    ec = n < 0 ? last_error() : error_code();
    return n < 0 ? 0 : static_cast<std::size_t>(n);
}

template <tries_by_itself Stream>
std::size_t
try_write(Stream& stream, std::span<const asio::const_buffer> data, error_code& ec) noexcept
{
    return stream.try_write(data, ec);
}

/// The error that the connection was lost by, which is told once; none if it was not lost.
template <class Protocol, class Executor>
error_code take_error(asio::basic_socket<Protocol, Executor>& socket) noexcept
{
    int error = 0;
    socklen_t size = sizeof error;
    if (::getsockopt(socket.native_handle(), SOL_SOCKET, SO_ERROR, &error, &size) != 0)
        return last_error();
    return {error, asio::error::get_system_category()};
}

/// What a socket knows of its peer without being read.
enum class peer_state : std::uint8_t {
    open,
    ended, // it has written its end; what came before may wait to be read
    lost,  // nothing can be written to it
};

template <class Protocol, class Executor>
peer_state peer_of(asio::basic_stream_socket<Protocol, Executor>& socket) noexcept
{
    pollfd what{socket.native_handle(), POLLRDHUP, 0};
    if (::poll(&what, 1, 0) <= 0)
        return peer_state::open;
    if (what.revents & (POLLERR | POLLHUP | POLLNVAL))
        return peer_state::lost;
    return what.revents & POLLRDHUP ? peer_state::ended : peer_state::open;
}

template <class Stream>
    requires requires(Stream& stream) {
        { stream.take_error() } -> std::same_as<error_code>;
    }
error_code take_error(Stream& stream) noexcept
{
    return stream.take_error();
}

template <class Stream>
decltype(auto) lowest_layer(Stream& stream) noexcept
{
    if constexpr (requires { stream.lowest_layer(); })
        return stream.lowest_layer();
    else
        return (stream);
}

/// Whether a stream says that its connection is lost while nobody reads or writes: sockets do, and
/// what has one as its lowest layer.
template <class Stream>
inline constexpr bool can_be_watched = requires(Stream& stream) {
    std::remove_cvref_t<decltype(lowest_layer(stream))>::wait_error;
    take_error(lowest_layer(stream));
};

/// True where the stream cannot say.
template <class Stream>
bool is_open(Stream& stream) noexcept
{
    if constexpr (requires { lowest_layer(stream).is_open(); })
        return lowest_layer(stream).is_open();
    else
        return true;
}

/// Operations that are pending end with operation_aborted.
template <class Stream>
void close_stream(Stream& stream) noexcept
{
    error_code ignored;
    if constexpr (requires { lowest_layer(stream).close(ignored); })
        lowest_layer(stream).close(ignored);
    else if constexpr (requires { lowest_layer(stream).close(); })
        lowest_layer(stream).close();
}

/// From now on a close tells the peer that the connection was cut, and what is unsent is dropped
/// by the kernel too, instead of being offered for minutes to a peer that does not read.
template <class Stream>
void drop_unsent(Stream& stream) noexcept
{
    const asio::socket_base::linger at_once(true, 0);
    error_code ignored;
    if constexpr (requires { lowest_layer(stream).set_option(at_once, ignored); })
        lowest_layer(stream).set_option(at_once, ignored);
}

/// A stream that may tell its peer the end in words before it closes, as TLS does.
template <class Stream>
concept has_farewell = requires(Stream& stream) { stream.farewell_limit(); };

/// Whether a stream can be closed for writing while it is read on. Not so with TLS.
template <class Stream>
inline constexpr bool can_half_close = requires(Stream& stream, error_code& ec) {
    stream.shutdown(asio::socket_base::shutdown_send, ec);
};

} // namespace rill::RILL_FORM::net_detail
