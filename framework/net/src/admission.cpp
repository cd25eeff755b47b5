// SPDX-License-Identifier: BSL-1.0
#include "admission.hpp"

#include "server_journal.hpp"

#include <algorithm>
#include <vector>

namespace rill::RILL_FORM::net_detail {

namespace {

bool is_in(const std::vector<network>& networks, const endpoint& e)
{
    if (networks.empty() || is_unix(e))
        return false;
    return std::any_of(
        networks.begin(),
        networks.end(),
        [address = address_of(e)](const network& n) { return n.contains(address); }
    );
}

} // namespace

std::optional<peer_place> admission::admit_connection(const endpoint& peer)
{
    return is_relay(peer) ? peer_place() : admit(peer);
}

std::optional<peer_place> admission::admit(const endpoint& client)
{
    if (!is_served(client)) {
        ++journal_.statistics.refused_denied;
        denied_.warning("a connection is refused: allow and deny", {{"peer", to_string(client)}});
        return std::nullopt;
    }
    if (!options_.per_peer)
        return peer_place();
    auto place = options_.per_peer->take(client);
    if (!place) {
        ++journal_.statistics.refused_per_peer;
        too_many_.warning(
            "a connection is refused: max_connections_per_peer", {{"peer", to_string(client)}}
        );
    }
    return place;
}

bool admission::is_relay(const endpoint& peer) const
{
    return is_unix(peer) ? options_.unix_relays : is_in(options_.relays, peer);
}

void admission::on_wrong_header(const endpoint& relay, const std::string& why)
{
    ++journal_.statistics.proxy_protocol_errors;
    wrong_header_.warning(
        "a connection is refused: the header of the PROXY protocol",
        {{"peer", to_string(relay)}, {"reason", why}}
    );
}

bool admission::is_served(const endpoint& client) const
{
    const auto& allowed = options_.allowed;
    return is_unix(client) ||
           (!is_in(options_.denied, client) && (allowed.empty() || is_in(allowed, client)));
}

} // namespace rill::RILL_FORM::net_detail
