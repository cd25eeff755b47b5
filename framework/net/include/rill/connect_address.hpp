// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/awaitable.hpp>
#include <rill/connect_options.hpp>
#include <rill/stream.hpp>

#include <string>
#include <string_view>

namespace rill {

/// Where a connection goes, as settings write it. (Where a server listens is a listen_address.)
///
///     db.example:5432   a name, which is looked up
///     192.0.2.7:80      an IPv4 address
///     [2001:db8::7]:80  an IPv6 address
///     unix:/run/x       a unix socket
///     unix:@name        one with an abstract name, which is no file
class connect_address {
public:
    /// std::invalid_argument that says what is wrong with `text`, in terms of the text.
    static connect_address parse(std::string_view text);

    bool is_unix() const noexcept { return port_ == 0; }

    /// Empty for a unix socket.
    const std::string& host() const noexcept { return host_; }

    /// 0 for a unix socket.
    unsigned short port() const noexcept { return port_; }

    /// Of a unix socket.
    const std::string& path() const noexcept { return path_; }

    bool operator==(const connect_address&) const = default;

private:
    connect_address() = default;

    std::string host_;
    unsigned short port_ = 0;
    std::string path_;
};

/// As settings write it.
std::string to_string(const connect_address& a);

/// Connects to there: the same as the other open_connection, or open_unix_connection.
awaitable<stream> open_connection(const connect_address& to, connect_options options = {});

} // namespace rill
