// SPDX-License-Identifier: BSL-1.0
#include "resolver.hpp"
#include "sockets.hpp"

#include <rill/cancel_scope.hpp>
#include <rill/detail/net_detail.hpp>
#include <rill/detail/network_backend.hpp>
#include <rill/open_connection.hpp>
#include <rill/timeout.hpp>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/this_coro.hpp>

#include <algorithm>
#include <chrono>
#include <utility>
#include <vector>

namespace rill {

namespace {

constexpr duration least_time = std::chrono::seconds(2); // for an attempt that is not the last

struct failed_attempt {
    endpoint to;
    error_code error;
};

[[noreturn]] void
throw_failures(const std::string& target, const std::vector<failed_attempt>& failures)
{
    const error_code first = failures.front().error;
    std::string what = "connecting to " + target;
    const bool same = std::all_of(failures.begin(), failures.end(), [&](const failed_attempt& f) {
        return f.error == first;
    });
    if (!same)
        for (const failed_attempt& f : failures)
            what += "; " + to_string(f.to) + ": " + f.error.message();
    net_detail::throw_error(first, what);
}

/// Of the loop's network. Throws, with the target's name, if there is none to be had.
stream_socket open_for(const endpoint& to, extend::loop_core& core, const std::string& target)
{
    if (auto* simulation = net_detail::network_service::of(core).backend())
        return simulation->open_stream(to);
    stream_socket socket(core.executor());
    net_detail::unique_fd fd = net_detail::open_socket(to, "opening a socket for " + target);
    socket.assign(to.protocol(), fd.get());
    fd.release();
    return socket;
}

/// The same part for each attempt that is to come of the time that is left for all of them, so that
/// an address that does not answer leaves the others their turn; but time enough for one that does.
/// The last one has what is left.
duration time_for_one_of(std::size_t attempts)
{
    const time_point end = current_effective_deadline();
    if (attempts == 1 || end == never)
        return forever;
    const duration left = end - extend::loop_core::running().now();
    return std::max<duration>(left / static_cast<duration::rep>(attempts), least_time);
}

awaitable<error_code> attempt(stream_socket& socket, const endpoint& to)
{
    auto connecting = socket.async_connect(to, asio::as_tuple(asio::deferred));
    const auto [ec] = co_await std::move(connecting);
    if (ec == condition::cancelled)
        throw system_error(ec);
    co_return ec;
}

/// A socket connected to the first endpoint that answers.
awaitable<stream_socket> connect_any(std::string target, std::vector<endpoint> endpoints)
{
    auto& core = extend::loop_core::of(co_await asio::this_coro::executor);
    std::vector<failed_attempt> failures;
    for (const endpoint& to : endpoints) {
        const duration limit = time_for_one_of(endpoints.size() - failures.size());
        stream_socket socket = open_for(to, core, target);
        const auto done = co_await move_on_after(limit, attempt(socket, to));
        const error_code ec = done.value_or(asio::error::timed_out);
        if (!ec)
            co_return std::move(socket);
        failures.push_back({to, ec});
    }
    throw_failures(target, failures);
}

awaitable<stream> open_tcp(std::string host, unsigned short port, connect_options options)
{
    const std::string target = host + ":" + std::to_string(port);
    std::vector<endpoint> endpoints = co_await net_detail::resolve(std::move(host), port);
    stream_socket socket = co_await connect_any(target, std::move(endpoints));
    co_return stream(std::move(socket), options);
}

awaitable<stream> open_unix(std::string path, connect_options options)
{
    std::vector<endpoint> endpoints(1, net_detail::unix_endpoint(path));
    stream_socket socket = co_await connect_any("unix:" + path, std::move(endpoints));
    co_return stream(std::move(socket), options);
}

} // namespace

awaitable<stream> open_connection(std::string host, unsigned short port, connect_options options)
{
    if (host.empty())
        throw std::invalid_argument("rill::open_connection: the host is empty");
    const duration limit = options.connect_timeout;
    return timeout(limit, open_tcp(std::move(host), port, std::move(options)));
}

awaitable<stream> open_unix_connection(std::string path, connect_options options)
{
    const duration limit = options.connect_timeout;
    return timeout(limit, open_unix(std::move(path), std::move(options)));
}

} // namespace rill
