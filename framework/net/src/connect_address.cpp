// SPDX-License-Identifier: BSL-1.0
#include "host_and_port.hpp"
#include "host_name.hpp"
#include "sockets.hpp"

#include <rill/connect_address.hpp>
#include <rill/open_connection.hpp>

#include <stdexcept>
#include <utility>

namespace rill {

namespace {

constexpr std::string_view unix_prefix = "unix:";

} // namespace

connect_address connect_address::parse(std::string_view text)
{
    connect_address result;
    try {
        if (text.starts_with(unix_prefix)) {
            result.path_ = text.substr(unix_prefix.size());
            net_detail::unix_endpoint(result.path_);
            return result;
        }
        const auto [host, port, address] = net_detail::parse_host_and_port(text);
        if (port == 0)
            throw std::invalid_argument("nobody listens on port 0");
        result.host_ = host;
        result.port_ = port;
    } catch (const std::invalid_argument& e) {
        throw std::invalid_argument(
            "\"" + std::string(text) + "\" is no address to connect to: " + e.what() +
            "; write it like db.example:5432, 127.0.0.1:7007, [::1]:7007 or unix:/path"
        );
    }
    return result;
}

std::string to_string(const connect_address& a)
{
    return a.is_unix() ? std::string(unix_prefix) + a.path()
                       : net_detail::with_port(a.host(), a.port());
}

awaitable<stream> open_connection(const connect_address& to, connect_options options)
{
    return to.is_unix() ? open_unix_connection(to.path(), std::move(options))
                        : open_connection(to.host(), to.port(), std::move(options));
}

} // namespace rill
