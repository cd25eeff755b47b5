// SPDX-License-Identifier: BSL-1.0
#include "authority.hpp"

#include "chars.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <algorithm>
#include <cstddef>
#include <cstring>

namespace rill::http::detail {

namespace {

/// An IPv6 address without brackets. Zone identifiers mean nothing to another host, so they are
/// invalid.
bool is_ipv6(std::string_view text) noexcept
{
    char copy[INET6_ADDRSTRLEN] = {};
    if (text.size() >= sizeof copy)
        return false;
    std::memcpy(copy, text.data(), text.size());
    in6_addr address;
    return ::inet_pton(AF_INET6, copy, &address) == 1;
}

/// IPvFuture without brackets (RFC 3986 section 3.2.2), less the comma, as in is_name().
bool is_ip_future(std::string_view text) noexcept
{
    const auto dot = text.find('.');
    if (dot == std::string_view::npos || dot < 2 || to_lower(text.front()) != 'v')
        return false;
    const auto version = text.substr(1, dot - 1);
    const auto address = text.substr(dot + 1);
    const auto hex = [](char c) { return hex_value(c) >= 0; };
    const auto allowed = [](char c) { return c == ':' || is(c, host_char); };
    return !address.empty() && std::all_of(version.begin(), version.end(), hex) &&
           std::all_of(address.begin(), address.end(), allowed);
}

/// reg-name or IPv4 address (RFC 3986 section 3.2.2), less the comma: a Host with a comma is a
/// list to some readers.
bool is_name(std::string_view text) noexcept
{
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (is(text[i], host_char))
            continue;
        const bool escape = text[i] == '%' && i + 2 < text.size() && hex_value(text[i + 1]) >= 0 &&
                            hex_value(text[i + 2]) >= 0;
        if (!escape)
            return false;
        i += 2;
    }
    return !text.empty();
}

bool is_port(std::string_view text) noexcept
{
    if (text.size() > 5 || !all(text, digit_char))
        return false;
    unsigned value = 0;
    for (const char c : text)
        value = value * 10 + static_cast<unsigned>(c - '0');
    return value <= 65535;
}

} // namespace

authority parse_authority(std::string_view text) noexcept
{
    const bool literal = !text.empty() && text.front() == '[';
    const auto bracket = literal ? text.find(']') : 0;
    if (bracket == std::string_view::npos)
        return {};
    const auto colon = text.find(':', bracket);
    authority a;
    a.host = text.substr(0, colon);
    if (colon != std::string_view::npos)
        a.port = text.substr(colon + 1);
    if (literal) {
        const auto address = text.substr(1, bracket - 1);
        a.valid = a.host.size() == bracket + 1 && (is_ipv6(address) || is_ip_future(address));
    } else {
        a.valid = is_name(a.host);
    }
    a.valid = a.valid && is_port(a.port);
    return a;
}

} // namespace rill::http::detail
