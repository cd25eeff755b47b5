// SPDX-License-Identifier: BSL-1.0
#include "admission.hpp"

#include "server_journal.hpp"

#include <algorithm>

namespace rill::RILL_FORM::net_detail {

std::optional<peer_place> admission::admit(const endpoint& peer)
{
    if (!is_served(peer)) {
        ++journal_.statistics.refused_denied;
        denied_.warning("a connection is refused: allow and deny", {{"peer", to_string(peer)}});
        return std::nullopt;
    }
    if (!options_.per_peer)
        return peer_place();
    auto place = options_.per_peer->take(peer);
    if (!place) {
        ++journal_.statistics.refused_per_peer;
        too_many_.warning(
            "a connection is refused: max_connections_per_peer", {{"peer", to_string(peer)}}
        );
    }
    return place;
}

bool admission::is_served(const endpoint& peer) const
{
    const auto& allowed = options_.allowed;
    const auto& denied = options_.denied;
    if ((allowed.empty() && denied.empty()) || is_unix(peer))
        return true;
    const auto has_it = [address = address_of(peer)](const network& n) {
        return n.contains(address);
    };
    return std::none_of(denied.begin(), denied.end(), has_it) &&
           (allowed.empty() || std::any_of(allowed.begin(), allowed.end(), has_it));
}

} // namespace rill::RILL_FORM::net_detail
