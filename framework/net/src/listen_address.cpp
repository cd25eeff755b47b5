// SPDX-License-Identifier: BSL-1.0
#include "host_name.hpp"
#include "sockets.hpp"

#include <rill/listen_address.hpp>
#include <rill/resolver.hpp>

#include <boost/asio/ip/address.hpp>
#include <boost/asio/ip/tcp.hpp>

#include <algorithm>
#include <charconv>
#include <stdexcept>
#include <utility>

namespace rill {

namespace {

using asio::ip::tcp;
using place = listen_address::place;

[[noreturn]] void refuse(std::string_view text, const std::string& why)
{
    throw std::invalid_argument(
        "\"" + std::string(text) + "\" is no address to listen on: " + why +
        "; write it like 127.0.0.1:7007, [::1]:7007, *:7007, localhost:7007, unix:/path or fd:name"
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

place parse_unix(std::string_view text, std::string_view path)
{
    try {
        return {std::string(text), {net_detail::unix_endpoint(std::string(path))}};
    } catch (const std::invalid_argument& e) {
        refuse(text, e.what());
    }
}

place parse_inherited(std::string_view text, std::string_view name)
{
    if (name.empty())
        refuse(text, "it has neither the name nor the number of a socket");
    return {.text = std::string(text), .endpoints = {}, .inherited_name = std::string(name)};
}

/// Whether it is meant to be an address, right or wrong: no name ends with a number.
bool looks_like_v4(std::string_view host)
{
    const std::string_view last = host.substr(host.rfind('.') + 1);
    const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
    return !last.empty() && std::all_of(last.begin(), last.end(), is_digit);
}

place parse_tcp(std::string_view text)
{
    const std::size_t colon = text.rfind(':');
    if (colon == std::string_view::npos || text.ends_with(']'))
        refuse(text, "it has no port");
    const unsigned short port = parse_port(text, text.substr(colon + 1));
    std::string host(text.substr(0, colon));
    if (host.empty() || host == "*")
        return {
            std::string(text), {tcp::endpoint(tcp::v4(), port), tcp::endpoint(tcp::v6(), port)}
        };
    const bool brackets = host.size() > 2 && host.front() == '[' && host.back() == ']';
    if (brackets)
        host = host.substr(1, host.size() - 2);

    error_code ec;
    const auto address = asio::ip::make_address(host, ec);
    if (!ec && address.is_v6() != brackets)
        refuse(text, brackets ? "only IPv6 stands in brackets" : "IPv6 stands in brackets");
    if (!ec)
        return {std::string(text), {tcp::endpoint(address, port)}};
    const bool is_name = host.find_first_of("[]:*/") == std::string::npos && !brackets;
    if (!is_name || looks_like_v4(host) || !net_detail::is_possible_name(host))
        refuse(text, "\"" + host + "\" is neither an IP address nor a name");
    return {.text = std::string(text), .endpoints = {}, .host = host, .port = port};
}

place parse_place(std::string_view text)
{
    constexpr std::string_view unix_prefix = "unix:";
    constexpr std::string_view inherited_prefix = "fd:";
    if (text.starts_with(unix_prefix))
        return parse_unix(text, text.substr(unix_prefix.size()));
    if (text.starts_with(inherited_prefix))
        return parse_inherited(text, text.substr(inherited_prefix.size()));
    return parse_tcp(text);
}

bool is_the_same(const place& a, const place& b)
{
    return a.endpoints.empty() && b.endpoints.empty() && a.host == b.host && a.port == b.port &&
           a.inherited_name == b.inherited_name;
}

} // namespace

listen_address listen_address::parse(std::string_view text)
{
    return listen_address(std::vector<place>(1, parse_place(text)));
}

listen_address listen_address::parse_list(const std::vector<std::string>& texts)
{
    std::vector<place> places;
    for (const std::string& text : texts)
        places.push_back(parse_place(text));
    return listen_address(std::move(places));
}

listen_address::listen_address(std::vector<endpoint> at)
{
    if (at.empty())
        throw std::invalid_argument("rill::listen_address: there is no endpoint to listen on");
    std::string text = to_string(at.front());
    places_.push_back({std::move(text), std::move(at)});
    remove_duplicates();
}

listen_address::listen_address(const endpoint& at)
    : listen_address(std::vector<endpoint>(1, at))
{}

listen_address::listen_address(std::vector<place> places)
    : places_(std::move(places))
{
    if (places_.empty())
        throw std::invalid_argument("rill::listen_address: there is no place to listen at");
    remove_duplicates();
}

/// A place of which nothing is left goes.
void listen_address::remove_duplicates()
{
    std::vector<place> kept;
    std::vector<endpoint> seen;
    for (place& p : places_) {
        const bool had_endpoints = !p.endpoints.empty();
        std::erase_if(p.endpoints, [&](const endpoint& e) {
            const bool known = std::find(seen.begin(), seen.end(), e) != seen.end();
            if (!known)
                seen.push_back(e);
            return known;
        });
        const auto same = [&p](const place& other) { return is_the_same(p, other); };
        const bool gone =
            had_endpoints ? p.endpoints.empty() : std::any_of(kept.begin(), kept.end(), same);
        if (!gone)
            kept.push_back(std::move(p));
    }
    places_ = std::move(kept);
}

std::vector<endpoint> listen_address::endpoints() const
{
    std::vector<endpoint> all;
    for (const place& p : places_)
        all.insert(all.end(), p.endpoints.begin(), p.endpoints.end());
    return all;
}

std::string listen_address::text() const
{
    std::string all;
    for (const place& p : places_)
        all += (all.empty() ? "" : ", ") + p.text;
    return all;
}

awaitable<listen_address> look_up(listen_address at)
{
    std::vector<place> places = at.places();
    for (place& p : places)
        if (!p.host.empty())
            p.endpoints = co_await look_up(std::exchange(p.host, {}), std::exchange(p.port, 0));
    co_return listen_address(std::move(places));
}

} // namespace rill
