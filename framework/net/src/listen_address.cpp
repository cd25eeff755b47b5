// SPDX-License-Identifier: BSL-1.0
#include "sockets.hpp"

#include <rill/listen_address.hpp>

#include <boost/asio/ip/address.hpp>
#include <boost/asio/ip/tcp.hpp>

#include <algorithm>
#include <charconv>
#include <stdexcept>
#include <utility>

namespace rill {

namespace {

using asio::ip::tcp;

[[noreturn]] void refuse(std::string_view text, const std::string& why)
{
    throw std::invalid_argument(
        "\"" + std::string(text) + "\" is no address to listen on: " + why +
        "; write it like 127.0.0.1:7007, [::1]:7007, *:7007 or unix:/path"
    );
}

unsigned short parse_port(std::string_view text, std::string_view port)
{
    unsigned short number = 0;
    const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), number);
    if (error != std::errc() || end != port.data() + port.size())
        refuse(text, "\"" + std::string(port) + "\" is no port from 0 to 65535");
    return number;
}

std::vector<endpoint> parse_endpoints(std::string_view text)
{
    constexpr std::string_view unix_prefix = "unix:";
    if (text.starts_with(unix_prefix)) {
        try {
            return {net_detail::unix_endpoint(std::string(text.substr(unix_prefix.size())))};
        } catch (const std::invalid_argument& e) {
            refuse(text, e.what());
        }
    }

    const std::size_t colon = text.rfind(':');
    if (colon == std::string_view::npos || text.ends_with(']'))
        refuse(text, "it has no port");
    const unsigned short port = parse_port(text, text.substr(colon + 1));
    std::string host(text.substr(0, colon));
    if (host == "*")
        return {tcp::endpoint(tcp::v4(), port), tcp::endpoint(tcp::v6(), port)};
    const bool brackets = host.size() > 2 && host.front() == '[' && host.back() == ']';
    if (brackets)
        host = host.substr(1, host.size() - 2);
    if (host.empty())
        refuse(text, "it has no host");

    error_code ec;
    const auto address = asio::ip::make_address(host, ec);
    if (ec)
        refuse(text, "\"" + host + "\" is no IP address");
    if (address.is_v6() != brackets)
        refuse(text, brackets ? "only IPv6 stands in brackets" : "IPv6 stands in brackets");
    return {tcp::endpoint(address, port)};
}

} // namespace

listen_address listen_address::parse(std::string_view text)
{
    return {std::string(text), parse_endpoints(text)};
}

listen_address::listen_address(std::vector<endpoint> at)
    : text_(at.empty() ? std::string() : to_string(at.front()))
    , endpoints_(std::move(at))
{
    if (endpoints_.empty())
        throw std::invalid_argument("rill::listen_address: there is no endpoint to listen on");
}

listen_address::listen_address(const endpoint& at)
    : listen_address(std::vector<endpoint>(1, at))
{}

listen_address::listen_address(std::string text, std::vector<endpoint> endpoints)
    : text_(std::move(text))
    , endpoints_(std::move(endpoints))
{}

const std::vector<endpoint>& listen_address::endpoints() const& noexcept
{
    return endpoints_;
}

std::vector<endpoint> listen_address::endpoints() && noexcept
{
    return std::move(endpoints_);
}

bool listen_address::shareable() const
{
    return std::none_of(endpoints_.begin(), endpoints_.end(), [](const endpoint& e) {
        return port_of(e) == 0;
    });
}

const std::string& listen_address::text() const noexcept
{
    return text_;
}

} // namespace rill
