// SPDX-License-Identifier: BSL-1.0
#include "resolver.hpp"

#include "look_up.hpp"

#include <rill/detail/net_detail.hpp>
#include <rill/detail/network_backend.hpp>

#include <boost/asio/ip/tcp.hpp>

#include <algorithm>
#include <cstring>
#include <utility>

namespace rill::RILL_FORM::net_detail {

namespace {

using asio::ip::tcp;

endpoint with_port(const endpoint& address, unsigned short port)
{
    tcp::endpoint tcp_address;
    tcp_address.resize(address.size());
    std::memcpy(tcp_address.data(), address.data(), address.size());
    tcp_address.port(port);
    return tcp_address;
}

} // namespace

awaitable<std::vector<endpoint>> resolve(std::string host, unsigned short port)
{
    loop_core& core = loop_core::of(co_await asio::this_coro::executor);
    if (network_backend* simulation = network_service::of(core).backend())
        co_return co_await simulation->resolve(std::move(host), port);
    std::vector<endpoint> result;
    if (host.empty()) {
        result.emplace_back(tcp::endpoint(tcp::v4(), port));
        result.emplace_back(tcp::endpoint(tcp::v6(), port));
        co_return result;
    }
    error_code not_numeric;
    const auto address = asio::ip::make_address(host, not_numeric);
    if (!not_numeric) {
        result.emplace_back(tcp::endpoint(address, port));
        co_return result;
    }
    const std::vector<endpoint> found =
        co_await look_up_addresses(look_up_threads::instance(), std::move(host));
    for (const endpoint& e : found) {
        const endpoint complete = with_port(e, port);
        if (std::find(result.begin(), result.end(), complete) == result.end())
            result.push_back(complete);
    }
    co_return result;
}

} // namespace rill::RILL_FORM::net_detail
