// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <string>
#include <vector>

namespace rill {

/// A descriptor that whoever started the process has handed over.
struct inherited_socket {
    int descriptor = -1;
    std::string
        name; ///< systemd's FileDescriptorName; "unknown" if it has none, several may share it.
};

/// What a service manager opened for this process, by the protocol of sd_listen_fds(3): systemd's
/// socket units, systemd-socket-activate. A server listens there with "fd:name" or "fd:3" as its
/// address. Empty if there is nothing, or if it is meant for another process (LISTEN_PID).
///
/// The first call takes them over: they become close-on-exec, and LISTEN_PID, LISTEN_FDS and
/// LISTEN_FDNAMES leave the environment, so that no child takes them for its own. As that changes the
/// environment it belongs before other threads; app::run does it. Thread safety: any thread.
///
/// They stay open to the end of the process, since whoever handed them over may have more clients for
/// them; servers have copies.
const std::vector<inherited_socket>& inherited_sockets();

} // namespace rill
