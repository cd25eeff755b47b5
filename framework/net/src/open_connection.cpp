// SPDX-License-Identifier: BSL-1.0
#include "connect_race.hpp"
#include "connect_story.hpp"
#include "host_name.hpp"
#include "proxy_dialogue.hpp"
#include "sockets.hpp"

#include <rill/cancel_scope.hpp>
#include <rill/detail/network_backend.hpp>
#include <rill/open_connection.hpp>
#include <rill/resolver.hpp>

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/this_coro.hpp>

#include <algorithm>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string_view>
#include <utility>

namespace rill {

namespace {

using net_detail::connect_story;
using net_detail::proxy_dialogue;

[[noreturn]] void refuse(const std::string& what)
{
    throw std::invalid_argument("rill::open_connection: " + what);
}

void check_security(const connect_options& options)
{
    if (!options.name.empty() && !options.security)
        refuse("server_name is for TLS");
    if (options.security && options.security->is_server())
        refuse("TLS of a client wants a client's context");
}

void check(const std::string& host, const connect_options& options)
{
    check_security(options);
    if (host.empty())
        refuse("the host is empty");
    if (!net_detail::is_possible_name(host))
        refuse("no host is called that: it has blanks, control characters or more than 253 bytes");
    if (std::any_of(options.local.begin(), options.local.end(), &is_unix))
        refuse("the local address of a TCP connection is no path");
}

void check_unix(const connect_options& options)
{
    check_security(options);
    if (options.via)
        refuse("a unix socket is not reached through a proxy");
    if (!std::all_of(options.local.begin(), options.local.end(), &is_unix))
        refuse("the local address of a unix socket is a path");
}

struct target {
    std::string host;
    unsigned short port;
};

std::string to_string(const target& t)
{
    return net_detail::with_port(t.host, t.port);
}

/// `work` as a phase of its own, whose failure is that of the connect.
template <class T>
awaitable<T> in_phase(connect_phase phase, connect_story& story, awaitable<T> work)
{
    story.begin(phase);
    error_code ec;
    std::string why;
    try {
        co_return co_await std::move(work);
    } catch (const system_error& e) {
        if (is_cancellation(e))
            throw;
        ec = e.code();
        why = e.what();
    }
    story.fail(ec, why);
}

awaitable<std::vector<endpoint>> find(const target& to, connect_story& story)
{
    return in_phase(connect_phase::look_up, story, look_up(to.host, to.port));
}

awaitable<stream_socket>
connect_to(const target& to, const connect_options& options, connect_story& story)
{
    auto& core = extend::loop_core::of(co_await asio::this_coro::executor);
    std::vector<endpoint> all = co_await find(to, story);
    try {
        story.begin(connect_phase::connect);
        co_return co_await net_detail::connect_to_first(std::move(all), options, story);
    } catch (...) { // its addresses may have changed since they were looked up
        net_detail::network_service::of(core).names().forget(to.host);
        throw;
    }
}

awaitable<void> talk(stream& to_proxy, proxy_dialogue& dialogue)
{
    for (;;) {
        to_proxy.writer().write(dialogue.take_output());
        co_await to_proxy.writer().drain();
        if (dialogue.over())
            co_return;
        const std::string_view some = co_await to_proxy.reader().read_some();
        if (some.empty())
            net_detail::throw_error(asio::error::eof, "the proxy has closed the connection");
        to_proxy.reader().consume(dialogue.receive(some));
    }
}

/// The proxy's connection leads to `to` from now on.
awaitable<void>
pass_through(stream& to_proxy, const proxy& via, const target& to, connect_story& story)
{
    const std::unique_ptr<proxy_dialogue> dialogue = net_detail::ask(via, to.host, to.port);
    co_await in_phase(connect_phase::proxy, story, talk(to_proxy, *dialogue));
}

awaitable<void>
secure(stream& opened, std::string_view host, const connect_options& options, connect_story& story)
{
    // Certificates name no root of the domain names.
    std::string name =
        options.name.empty() ? std::string(net_detail::without_dot(host)) : options.name;
    return in_phase(
        connect_phase::handshake, story, opened.start_tls(*options.security, std::move(name))
    );
}

/// What `host`, or whoever is there, is to hear first.
awaitable<void>
greet(stream& opened, std::string_view host, const connect_options& options, connect_story& story)
{
    opened.writer().write(options.header);
    if (options.security)
        co_await secure(opened, host, options, story);
}

/// `behind`: the host as the proxy is to be told of it.
awaitable<void> prepare(
    stream& opened,
    const target& to,
    const target& behind,
    const connect_options& options,
    connect_story& story
)
{
    if (options.via)
        co_await pass_through(opened, *options.via, behind, story);
    co_await greet(opened, to.host, options, story);
}

/// As the proxy is to be told of it: socks5 wants an address.
awaitable<target> seen_by_proxy(const target& to, const proxy& via, connect_story& story)
{
    if (via.protocol() != proxy::kind::socks5)
        co_return to;
    const std::vector<endpoint> all = co_await find(to, story);
    co_return target{address_of(all.front()).to_string(), to.port};
}

awaitable<stream> open_tcp(const target& to, const connect_options& options, connect_story& story)
{
    target first = to;
    target behind = to;
    if (options.via) {
        first = {options.via->host(), options.via->port()};
        behind = co_await seen_by_proxy(to, *options.via, story);
    }
    stream opened(co_await connect_to(first, options, story), options.of_stream);
    try {
        co_await prepare(opened, to, behind, options, story);
    } catch (...) {
        opened.abort(); // else what was written would be flushed first
        throw;
    }
    co_return std::move(opened);
}

awaitable<stream>
open_unix(const endpoint& at, const connect_options& options, connect_story& story)
{
    story.begin(connect_phase::connect);
    std::vector<endpoint> all(1, at);
    stream opened(
        co_await net_detail::connect_to_first(std::move(all), options, story), options.of_stream
    );
    try {
        co_await greet(opened, {}, options, story);
    } catch (...) {
        opened.abort();
        throw;
    }
    co_return std::move(opened);
}

/// `open` with what it needs, which lives here, and in the time that it has.
template <class Target>
awaitable<stream> open_in_time(
    awaitable<stream> (*open)(const Target&, const connect_options&, connect_story&),
    Target to,
    connect_options options
)
{
    auto& core = extend::loop_core::of(co_await asio::this_coro::executor);
    connect_story story(
        core, to_string(to) + (options.via ? " through " + to_string(*options.via) : "")
    );
    const duration limit = options.connect_timeout;
    std::optional<stream> opened = co_await move_on_after(limit, open(to, options, story));
    if (!opened)
        story.fail_for_time(limit);
    co_return std::move(*opened);
}

} // namespace

awaitable<stream> open_connection(std::string host, unsigned short port, connect_options options)
{
    check(host, options);
    return open_in_time(&open_tcp, target{std::move(host), port}, std::move(options));
}

awaitable<stream> open_unix_connection(std::string path, connect_options options)
{
    check_unix(options);
    return open_in_time(&open_unix, net_detail::unix_endpoint(path), std::move(options));
}

} // namespace rill
