// SPDX-License-Identifier: BSL-1.0

// Relay service: passes TCP connections on to servers. Settings: conf/relay.toml. To run it, with the
// echo service as its server:
//
//     tools/run echo &
//     tools/run relay
//     nc 127.0.0.1 7100

#include "config.hpp"
#include "relay.hpp"

#include <rill/app/run.hpp>

#include <mutex>
#include <optional>

int main(int argc, char** argv)
{
    std::once_flag made;
    std::optional<relay::relay> shared; // by all workers, and made by the first
    const auto serve = [&](const relay::config& cfg, rill::app::context& app) {
        std::call_once(made, [&] { shared.emplace(cfg, app.workers()); });
        return relay::serve(cfg, *shared, app);
    };
    return rill::app::run<relay::config>(argc, argv, serve);
}
