// SPDX-License-Identifier: BSL-1.0
#include "listening.hpp"

#include <rill/log.hpp>

namespace rill::app::detail {

namespace {

std::string text_of(const std::vector<endpoint>& all)
{
    std::string text;
    for (const endpoint& e : all)
        text += (text.empty() ? "" : ", ") + to_string(e);
    return text;
}

} // namespace

std::optional<listening> listening_place::listen(
    const listen_address& at, rill::server::handler handler, server_options options
)
{
    const std::lock_guard lock(mutex_);
    const bool first = !address_;
    const bool unix_socket = is_unix(at.endpoints().front());
    if (unix_socket && !first)
        return std::nullopt;
    // One for all workers: a session that one of them began is resumed by any other.
    if (first)
        security_ = options.security;
    options.security = security_;
    auto port = port_.lock();
    if (!port)
        port = std::make_shared<const port_reservation>((first ? at : *address_).endpoints());
    rill::server server(
        std::move(handler), listen_address(port->endpoints()), options.reuse_port(!unix_socket)
    );
    if (first)
        log::info("listening", {{"address", text_of(server.sockets())}});
    address_.emplace(port->endpoints());
    port_ = port;
    return std::optional<listening>(std::in_place, std::move(port), std::move(server));
}

listening_place& listening_places::at(const std::string& address, std::size_t nth)
{
    const std::lock_guard lock(mutex_);
    return places_[{address, nth}];
}

} // namespace rill::app::detail
