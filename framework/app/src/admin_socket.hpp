// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/awaitable.hpp>
#include <rill/clock.hpp>
#include <rill/introspect.hpp>
#include <rill/loop.hpp>
#include <rill/server.hpp>

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace rill::app::detail {

/// A loop that another thread runs, as those see it who look from outside.
struct observed_loop {
    std::string name;
    const rill::loop* loop; // outlives whoever looks
};

/// Asks a loop what it does; empty if it does not answer within a second, or has not told of all its
/// tasks within half a minute. On another loop.
awaitable<std::optional<loop_statistics>> ask_for_statistics(const observed_loop& of);
awaitable<std::optional<std::vector<task_info>>> ask_for_tasks(const observed_loop& of);

/// Writes every task of the loops into the log, a line each.
awaitable<void> log_tasks(const std::vector<observed_loop>& loops);

/// Where the admin socket is, by the setting: "auto", a path, or empty for none.
std::string admin_socket_path(const std::string& setting);

/// Serves what loops do to the process's own user, at a unix socket, for rill-top: JSON lines, see
/// admin_socket.cpp. If there cannot be one, it says so in the log, and there is none.
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
    class desk;
    std::unique_ptr<desk> desk_;
    std::optional<server> server_; // empty: there is none
};

} // namespace rill::app::detail
