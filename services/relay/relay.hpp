// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "config.hpp"
#include "traffic.hpp"
#include "upstreams.hpp"

#include <rill/app/context.hpp>
#include <rill/awaitable.hpp>
#include <rill/connect_options.hpp>
#include <rill/log_limited.hpp>
#include <rill/stream.hpp>
#include <rill/tls_context.hpp>

#include <atomic>
#include <cstddef>
#include <memory>
#include <optional>
#include <vector>

namespace relay {

/// What all workers share: the servers, and what has been relayed.
class relay {
public:
    /// tls_error, naming the file, if one of the settings' cannot be used. The settings must outlive
    /// it.
    relay(const config& cfg, std::size_t workers);

    /// In a worker: connects to a server, and passes on what the client and the server send, until
    /// both have sent all or it lasts too long.
    rill::awaitable<void> session(rill::stream client, std::size_t worker);

    traffic so_far() const;

    const upstreams& servers() const noexcept { return upstreams_; }

    /// What servers are connected to with; empty in the clear.
    const std::optional<rill::tls_context>& security() const noexcept { return options_.security; }

    void log_so_far() const { log_traffic(so_far(), upstreams_); }

    /// A worker serves meanwhile; the last one to end logs what was relayed.
    class serving {
    public:
        explicit serving(relay& r) noexcept;
        ~serving();

        serving(const serving&) = delete;
        serving& operator=(const serving&) = delete;

    private:
        relay& relay_;
    };

private:
    struct link; // to a server

    rill::awaitable<std::unique_ptr<link>> connect(const rill::stream& client, traffic& count);

    const config& config_;
    rill::connect_options options_;
    upstreams upstreams_;
    std::vector<traffic> traffic_; // of each worker
    rill::log::limited not_connected_;
    std::atomic<std::size_t> workers_ = 0; // that serve
};

/// Serves in one of the workers that share `r`, until the service is asked to stop; then servers are
/// told that their clients have sent all, and what they still answer is passed on.
rill::awaitable<void> serve(const config& cfg, relay& r, rill::app::context& app);

} // namespace relay
