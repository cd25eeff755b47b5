// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/detail/net_detail.hpp>
#include <rill/proxy_protocol.hpp>
#include <rill/stream.hpp>

namespace rill::RILL_FORM::net_detail {

/// What a server does to a stream that nobody else can.
struct stream_access {
    /// The stream's addresses are these from now on.
    static void pass_for(stream& s, const relayed_addresses& whose);
};

} // namespace rill::RILL_FORM::net_detail
