// SPDX-License-Identifier: BSL-1.0
#include <rill/app/settings.hpp>

namespace rill::app {

void describe(schema<settings>& s)
{
    using namespace std::chrono_literals;

    s.about("The process: its threads, how it stops and what it logs.");
    s.key(
         &settings::workers,
         "Threads, each with a loop of its own. 0 takes one per core that the "
         "process may use."
    )
        .at_most(1024);
    s.key(
         &settings::drain_delay,
         "On SIGTERM, how long new connections are still accepted. Set it to what the load "
         "balancer "
         "takes to notice; 5s is good under Kubernetes."
    )
        .range(0s, 1h);
    s.key(
         &settings::drain_timeout,
         "How long running requests may take to finish after that; then they are cancelled."
    )
        .range(0s, 24h)
        .or_never();
    s.key(&settings::log_level, "The least important lines that are written.").reloadable();
    s.key(
        &settings::log_format,
        "What lines look like; automatic means text on a terminal and JSON elsewhere."
    );
    s.key(
         &settings::log_queue,
         "Lines kept while standard error is slow; beyond that the oldest are dropped and counted."
    )
        .range(16, 1'000'000)
        .unit("lines");
    s.key(
        &settings::admin_socket,
        "Unix socket, for this user alone, that shows what every task does: rill-top attaches to "
        "it. "
        "auto means PID.sock in $XDG_RUNTIME_DIR/rill or /tmp/rill-UID; empty means none."
    );
    s.key(
        &settings::debug,
        "Debug mode: logs steps that keep a loop for long, with the calls they are in, coroutines "
        "that nobody awaits and the like. It costs about a microsecond a step. RILL_DEBUG=1 turns "
        "it on as well."
    );
    s.key(&settings::slow_step, "In debug mode, how long a step may keep its loop.").range(1ms, 1h);
}

} // namespace rill::app

template const rill::described::table& rill::described::table_of<rill::app::settings>();
