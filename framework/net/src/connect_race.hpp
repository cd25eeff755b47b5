// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "connect_story.hpp"

#include <rill/awaitable.hpp>
#include <rill/connect_options.hpp>
#include <rill/stream_socket.hpp>

#include <vector>

namespace rill::RILL_FORM::net_detail {

/// The families in turn, beginning with that of the first address; among those of one family the
/// order stays (RFC 8305 section 4, with a First Address Family Count of 1).
std::vector<endpoint> in_turns(const std::vector<endpoint>& all);

/// A socket connected to the first of the addresses that answers. They are tried in their order, each
/// when the latest has failed or has not answered for options.delay (RFC 8305 section 5); the others
/// are closed when this returns. Fails through `story`.
awaitable<stream_socket>
connect_to_first(std::vector<endpoint> all, const connect_options& options, connect_story& story);

} // namespace rill::RILL_FORM::net_detail
