// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/detail/form.hpp>
#include <rill/detail/stream_traits.hpp>

#include <boost/asio/buffer.hpp>
#include <boost/asio/error.hpp>

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include <cerrno>
#include <cstddef>
#include <cstring>

namespace rill::RILL_FORM::net_detail {

/// What a connection shows of itself apart from its reads.
struct connection_signs {
    bool written = false; // bytes got through since the last read that got some
    bool cut = false;     // this side has ended what it reads

    /// Whether it stood after the last read that got bytes.
    bool stood() const noexcept { return written && !cut; }
};

/// Reads from one socket again and again, and knows whether a read has left anything in it: else
/// only another one, in vain, would tell.
///
/// Linux says so of TCP if it is asked to (TCP_INQ), of bytes and the peer's end, but not of a reset
/// nor of an end by this side, which may lie behind the bytes: so it is to be believed of a
/// connection that stood after the read. A socket that is answered more than twice is asked. That a
/// read was short says less: the peer's end may be there.
class socket_receive {
public:
    /// Before each read of a connection whose signs are known. They stay with it.
    void watch(connection_signs& signs) noexcept
    {
        signs_ = &signs;
        if (signs.stood() && answers_ < 2)
            ++answers_;
    }

    /// Whether the last read has left nothing as far as Linux says, and more may lie behind.
    bool may_err() const noexcept { return left_nothing_ && !signs_->stood(); }

    /// False if nothing is there. `eof` at the end.
    bool operator()(
        int socket, asio::mutable_buffer room, int flags, error_code& ec, std::size_t& n
    ) noexcept
    {
        if (says_ == rest::unknown && answers_ == 2)
            ask(socket);
        left_nothing_ = false;
        ssize_t got = 0;
        do {
            got = says_ == rest::told ? receive_telling(socket, room, flags)
                                      : ::recv(socket, room.data(), room.size(), flags);
        } while (got < 0 && errno == EINTR);
        if (got > 0) {
            if (signs_)
                signs_->written = false;
            n = static_cast<std::size_t>(got);
            ec = {};
            return true;
        }
        n = 0;
        ec = got == 0 ? error_code(asio::error::eof) : last_error();
        return ec != asio::error::would_block;
    }

    /// Whether the last one that succeeded has left neither bytes nor the peer's end, as far as is
    /// known.
    bool left_nothing() const noexcept { return left_nothing_; }

private:
    enum class rest : unsigned char { unknown, told, never_told };

    void ask(int socket) noexcept
    {
        const int yes = 1;
        const bool heard = ::setsockopt(socket, IPPROTO_TCP, TCP_INQ, &yes, sizeof yes) == 0;
        says_ = heard ? rest::told : rest::never_told;
    }

    ssize_t receive_telling(int socket, asio::mutable_buffer room, int flags) noexcept
    {
        alignas(cmsghdr) char told[CMSG_SPACE(sizeof(int))];
        iovec place{room.data(), room.size()};
        msghdr message{};
        message.msg_iov = &place;
        message.msg_iovlen = 1;
        message.msg_control = told;
        message.msg_controllen = sizeof told;
        const ssize_t n = ::recvmsg(socket, &message, flags);
        const cmsghdr* const first = n > 0 ? CMSG_FIRSTHDR(&message) : nullptr;
        if (first && first->cmsg_level == IPPROTO_TCP && first->cmsg_type == TCP_CM_INQ) {
            int left = 1;
            std::memcpy(&left, CMSG_DATA(first), sizeof left);
            left_nothing_ = left == 0;
        }
        return n;
    }

    connection_signs* signs_ = nullptr; // null: it is not asked
    unsigned char answers_ = 0;         // to what was read, up to 2
    rest says_ = rest::unknown;
    bool left_nothing_ = false;
};

} // namespace rill::RILL_FORM::net_detail
