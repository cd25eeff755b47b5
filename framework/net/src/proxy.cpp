// SPDX-License-Identifier: BSL-1.0
#include "host_name.hpp"

#include <rill/detail/percent.hpp>
#include <rill/proxy.hpp>

#include <boost/asio/ip/address_v6.hpp>

#include <algorithm>
#include <charconv>
#include <stdexcept>

namespace rill {

namespace {

struct scheme {
    std::string_view prefix;
    proxy::kind protocol;
    unsigned short port;
};

constexpr scheme schemes[] = {
    {"http://", proxy::kind::http, 80},
    {"socks5://", proxy::kind::socks5, 1080},
    {"socks5h://", proxy::kind::socks5h, 1080},
};

[[noreturn]] void refuse(const std::string& shown, const std::string& why)
{
    throw std::invalid_argument(
        "\"" + shown + "\" is no proxy: " + why +
        "; write it like http://user:password@host:3128, socks5://host:1080 or socks5h://host"
    );
}

/// What comes before the first `delimiter` of `text`, which loses both; all of it if there is none.
std::string_view take_until(std::string_view& text, char delimiter)
{
    const std::string_view taken = text.substr(0, text.find(delimiter));
    text.remove_prefix(std::min(taken.size() + 1, text.size()));
    return taken;
}

std::string decoded(std::string_view text, const char* what, const std::string& shown)
{
    std::string result;
    if (!net_detail::percent_decode(text, result))
        refuse(shown, std::string("its ") + what + " has a % that is no escape");
    return result;
}

/// What the protocol has a place for.
void check_credentials(const proxy& p, const std::string& shown)
{
    constexpr std::size_t most = 255;
    if (p.protocol() == proxy::kind::http) {
        if (p.user().find(':') != std::string::npos) // RFC 7617 section 2
            refuse(shown, "its user has a colon");
    } else if (p.user().size() > most || p.password().size() > most) { // RFC 1929 section 2
        refuse(shown, "its user or its password has more than 255 bytes");
    }
}

unsigned short port_from(std::string_view text, const std::string& shown)
{
    unsigned short port = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
    if (error != std::errc() || end != text.data() + text.size() || port == 0)
        refuse(shown, "\"" + std::string(text) + "\" is no port from 1 to 65535");
    return port;
}

/// "host", "host:port", "[::1]", "[::1]:port": without its port, which goes to `port`.
std::string_view
take_port(std::string_view authority, unsigned short& port, const std::string& shown)
{
    const std::size_t bracket = authority.rfind(']');
    const std::size_t colon = authority.rfind(':');
    if (colon == std::string_view::npos || (bracket != std::string_view::npos && colon < bracket))
        return authority;
    port = port_from(authority.substr(colon + 1), shown);
    return authority.substr(0, colon);
}

std::string host_from(std::string_view text, const std::string& shown)
{
    std::string host(text);
    if (host.size() > 2 && host.front() == '[' && host.back() == ']') {
        host = host.substr(1, host.size() - 2);
        boost::system::error_code ec;
        boost::asio::ip::make_address_v6(host, ec);
        if (ec)
            refuse(shown, "\"" + host + "\" is no IPv6 address");
    } else if (host.find_first_of(":[]/?#") != std::string::npos) {
        refuse(shown, "\"" + host + "\" is no host; IPv6 stands in brackets");
    }
    if (!net_detail::is_possible_name(host))
        refuse(shown, "it has no host, or one that none can be");
    return host;
}

} // namespace

proxy proxy::parse(std::string_view url)
{
    const auto known = std::find_if(std::begin(schemes), std::end(schemes), [&](const scheme& s) {
        return url.starts_with(s.prefix);
    });
    const std::size_t at = url.rfind('@');
    const std::string scheme_shown(url.substr(0, url.find("//") + 2));
    const std::string shown = at == std::string_view::npos
                                  ? std::string(url)
                                  : scheme_shown + "...@" + std::string(url.substr(at + 1));
    if (known == std::end(schemes))
        refuse(shown, "its scheme is not one of http, socks5 and socks5h");
    url.remove_prefix(known->prefix.size());

    proxy result;
    result.kind_ = known->protocol;
    result.port_ = known->port;
    if (at != std::string_view::npos) {
        std::string_view credentials = url.substr(0, url.rfind('@'));
        url.remove_prefix(credentials.size() + 1);
        result.user_ = decoded(take_until(credentials, ':'), "user", shown);
        result.password_ = decoded(credentials, "password", shown);
    }
    check_credentials(result, shown);
    if (url.ends_with('/'))
        url.remove_suffix(1);
    result.host_ = host_from(take_port(url, result.port_, shown), shown);
    return result;
}

std::string to_string(const proxy& p)
{
    const auto known = std::find_if(std::begin(schemes), std::end(schemes), [&](const scheme& s) {
        return s.protocol == p.protocol();
    });
    return std::string(known->prefix) + net_detail::with_port(p.host(), p.port());
}

} // namespace rill
