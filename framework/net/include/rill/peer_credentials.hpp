// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/detail/needs_net.hpp>
#include <rill/stream.hpp>

#include <sys/types.h>

namespace rill {

/// Which process is at the other end of a unix socket, as the kernel has seen it.
struct peer_credentials {
    pid_t process;
    uid_t user;
    gid_t group;
};

/// Of the process that connected, when it did, or that listened, when it began to; it may have gone
/// since, and its number may be another's. On a simulated network it is this process.
///
/// Errors: system_error, operation_not_supported for anything but a unix socket. std::logic_error once
/// the loop has ended.
peer_credentials peer_credentials_of(stream& s);

} // namespace rill
