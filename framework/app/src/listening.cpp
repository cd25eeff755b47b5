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

std::vector<listen_address::place> without_unix(const listen_address& at)
{
    std::vector<listen_address::place> places = at.places();
    std::erase_if(places, [](const listen_address::place& p) {
        return !p.endpoints.empty() && is_unix(p.endpoints.front());
    });
    return places;
}

std::optional<listening> listening_place::listen(
    const listen_address& at,
    rill::server::handler handler,
    server_options options,
    tls_contexts& contexts
)
{
    const std::lock_guard lock(mutex_);
    const bool first = !address_;
    if (first) {
        security_ = options.security;
        per_peer_ = options.per_peer;
    }
    options.security = security_;
    options.per_peer = per_peer_;
    auto port = port_.lock();
    if (!port)
        port = std::make_shared<const port_reservation>(first ? at : *address_);
    auto mine = first ? port->address().places() : without_unix(port->address());
    if (mine.empty())
        return std::nullopt;
    rill::server server(
        std::move(handler), listen_address(std::move(mine)), options.reuse_port(true)
    );
    if (first)
        log::info("listening", {{"address", text_of(server.sockets())}});
    if (first && security_)
        contexts.add(*security_, port->address().text());
    address_.emplace(port->address());
    port_ = port;
    return std::optional<listening>(std::in_place, std::move(port), std::move(server));
}

listening_place& listening_places::at(const std::string& address, std::size_t nth)
{
    const std::lock_guard lock(mutex_);
    return places_[{address, nth}];
}

} // namespace rill::app::detail
