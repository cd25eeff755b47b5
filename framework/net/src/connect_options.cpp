// SPDX-License-Identifier: BSL-1.0
#include "haproxy_header.hpp"

#include <rill/connect_options.hpp>

namespace rill {

connect_options& connect_options::proxy_protocol(
    rill::proxy_protocol version, const std::optional<relayed_addresses>& whose
)
{
    header = net_detail::haproxy_header_of(version, whose);
    return *this;
}

/// One for all: reading the trust store takes milliseconds, and sessions are kept in it.
connect_options& connect_options::tls()
{
    static const tls_context system = tls_context::client();
    return tls(system);
}

} // namespace rill
