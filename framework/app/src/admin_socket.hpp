// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "admin_desk.hpp"
#include "observed_loop.hpp"

#include <rill/awaitable.hpp>
#include <rill/server.hpp>

#include <optional>
#include <string>
#include <vector>

namespace rill::app::detail {

/// Where the admin socket is, by the setting: "auto", a path, or empty for none.
std::string admin_socket_path(const std::string& setting);

/// Serves what loops do to the process's own user, at a unix socket, for rill-top; see
/// admin_desk. If there cannot be one, it says so in the log, and there is none.
class admin_socket {
public:
    /// Listens at once, on the loop that this thread runs.
    admin_socket(const std::string& path, std::string program);
    ~admin_socket(); ///< Removes the socket.

    admin_socket(const admin_socket&) = delete;
    admin_socket& operator=(const admin_socket&) = delete;

    /// What clients are told of. The loops outlive this, or end().
    void observe(std::vector<observed_loop> loops);

    /// No client is left when this returns.
    awaitable<void> end();

private:
    awaitable<void> serve(stream client);

    admin_desk desk_;              // the server's handlers use it
    std::optional<server> server_; // empty: there is none
};

} // namespace rill::app::detail
