// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/detail/needs_net.hpp>

#include <cstdint>
#include <string>
#include <string_view>

namespace rill {

/// A proxy that connects on behalf of its clients. Settings write it as a URL:
///
///     http://user:password@host:3128   HTTP CONNECT (RFC 9110 9.3.6); port 80 if there is none
///     socks5://host:1080               SOCKS 5 (RFC 1928); names are looked up here
///     socks5h://host                   the same; names are looked up by the proxy
///
/// Special characters in user and password are written as %40. To the proxy the password goes in
/// the clear.
class proxy {
public:
    enum class kind : std::uint8_t {
        http,
        socks5,
        socks5h,
    };

    /// std::invalid_argument that says what is wrong with `url`; it never shows the password.
    static proxy parse(std::string_view url);

    kind protocol() const noexcept { return kind_; }

    const std::string& host() const noexcept { return host_; }

    unsigned short port() const noexcept { return port_; }

    /// Empty if there is none.
    const std::string& user() const noexcept { return user_; }

    const std::string& password() const noexcept { return password_; }

private:
    proxy() = default;

    kind kind_ = kind::http;
    std::string host_;
    unsigned short port_ = 0;
    std::string user_;
    std::string password_;
};

/// As its URL, without user and password.
std::string to_string(const proxy& p);

} // namespace rill
