// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/endpoint.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace rill {

/// Where a server listens, as settings write it:
///
///     127.0.0.1:7007   one IPv4 address
///     [::1]:7007       one IPv6 address
///     *:7007           all interfaces, IPv4 and IPv6
///     unix:/run/x      a unix socket
///     unix:@name       one with an abstract name, which is no file
///
/// Port 0 takes any free one.
class listen_address {
public:
    /// std::invalid_argument that says what is wrong with `text`, in terms of the text.
    static listen_address parse(std::string_view text);

    /// At least one endpoint.
    explicit listen_address(std::vector<endpoint> at);
    explicit listen_address(const endpoint& at);

    /// More than one for all interfaces.
    const std::vector<endpoint>& endpoints() const& noexcept;
    std::vector<endpoint> endpoints() && noexcept;

    /// Whether several servers can listen here at once, see server_options::reuse_port: a unix
    /// socket has one listener, and of a port that the kernel chooses each would get another.
    bool shareable() const;

    /// As it was written.
    const std::string& text() const noexcept;

private:
    listen_address(std::string text, std::vector<endpoint> endpoints);

    std::string text_;
    std::vector<endpoint> endpoints_;
};

} // namespace rill
