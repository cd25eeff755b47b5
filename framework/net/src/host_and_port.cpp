// SPDX-License-Identifier: BSL-1.0
#include "host_and_port.hpp"

#include "host_name.hpp"

#include <rill/error.hpp>

#include <algorithm>
#include <charconv>
#include <stdexcept>
#include <system_error>

namespace rill::RILL_FORM::net_detail {

namespace {

/// Whether it is meant to be an address, right or wrong: no name ends with a number.
bool looks_like_v4(std::string_view host)
{
    const std::string_view last = host.substr(host.rfind('.') + 1);
    const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
    return !last.empty() && std::all_of(last.begin(), last.end(), is_digit);
}

bool is_name(const std::string& host)
{
    return host.find_first_of("[]:*/") == std::string::npos && !looks_like_v4(host) &&
           is_possible_name(host);
}

} // namespace

unsigned short parse_port(std::string_view text)
{
    unsigned short port = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
    if (error != std::errc() || end != text.data() + text.size())
        throw std::invalid_argument("\"" + std::string(text) + "\" is no port from 0 to 65535");
    return port;
}

host_and_port parse_host_and_port(std::string_view text)
{
    const std::size_t colon = text.rfind(':');
    if (colon == std::string_view::npos || text.ends_with(']'))
        throw std::invalid_argument("it has no port");
    host_and_port result;
    result.port = parse_port(text.substr(colon + 1));
    result.host = text.substr(0, colon);
    std::string& host = result.host;
    const bool brackets = host.size() > 2 && host.front() == '[' && host.back() == ']';
    if (brackets)
        host = host.substr(1, host.size() - 2);

    error_code ec;
    const auto address = boost::asio::ip::make_address(host, ec);
    if (!ec)
        result.address = address;
    if (!ec && address.is_v6() != brackets)
        throw std::invalid_argument(
            brackets ? "only IPv6 stands in brackets" : "IPv6 stands in brackets"
        );
    if (ec && (brackets || !is_name(host)))
        throw std::invalid_argument("\"" + host + "\" is neither an IP address nor a name");
    return result;
}

} // namespace rill::RILL_FORM::net_detail
