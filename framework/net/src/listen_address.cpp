// SPDX-License-Identifier: BSL-1.0
#include "host_and_port.hpp"
#include "sockets.hpp"

#include <rill/listen_address.hpp>
#include <rill/resolver.hpp>

#include <boost/asio/ip/tcp.hpp>

#include <algorithm>
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

bool is_everywhere(std::string_view host)
{
    return host.empty() || host == "*";
}

place parse_tcp(std::string_view text)
{
    const std::size_t colon = text.rfind(':');
    try {
        if (colon != text.npos && is_everywhere(text.substr(0, colon))) {
            const auto port = net_detail::parse_port(text.substr(colon + 1));
            return {
                std::string(text), {tcp::endpoint(tcp::v4(), port), tcp::endpoint(tcp::v6(), port)}
            };
        }
        const auto [host, port, address] = net_detail::parse_host_and_port(text);
        if (address)
            return {std::string(text), {tcp::endpoint(*address, port)}};
        return {.text = std::string(text), .endpoints = {}, .host = host, .port = port};
    } catch (const std::invalid_argument& e) {
        refuse(text, e.what());
    }
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
