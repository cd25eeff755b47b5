// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/detail/needs_net.hpp>

#include <boost/asio/generic/basic_endpoint.hpp>

#include <sys/socket.h>

#include <typeinfo>

namespace rill {

namespace asio = boost::asio;

/// Stream sockets of every family: TCP over IPv4 or IPv6, unix. As asio::generic::stream_protocol,
/// without the iostreams and the dates that its header brings along: those would take half of the
/// time that a source file of a service needs to compile.
class stream_protocol {
public:
    using endpoint = asio::generic::basic_endpoint<stream_protocol>;

    stream_protocol(int family, int protocol) noexcept
        : family_(family)
        , protocol_(protocol)
    {}

    /// Any protocol of Asio's that is one of streams; std::bad_cast for others.
    template <class Protocol>
        requires requires(const Protocol& p) { p.family(), p.type(), p.protocol(); }
    stream_protocol(const Protocol& p)
        : stream_protocol(p.family(), p.protocol())
    {
        if (p.type() != type())
            throw std::bad_cast();
    }

    int type() const noexcept { return SOCK_STREAM; }

    int protocol() const noexcept { return protocol_; }

    int family() const noexcept { return family_; }

    friend bool operator==(const stream_protocol&, const stream_protocol&) = default;

private:
    int family_;
    int protocol_;
};

} // namespace rill
