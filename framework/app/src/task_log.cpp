// SPDX-License-Identifier: BSL-1.0
#include "task_log.hpp"

#include <rill/extend_watch.hpp>
#include <rill/log.hpp>

#include <algorithm>
#include <cstddef>

namespace rill::app::detail {

namespace {

constexpr std::size_t most_lines = 1000; // for each loop: the log's queue is bounded

void log_task(const observed_loop& loop, const task_info& t)
{
    log::info(
        "task",
        {{"loop", loop.name},
         {"id", t.id},
         {"parent", t.parent.value_or(0)},
         {"what", extend::line_of(t)}}
    );
}

} // namespace

awaitable<void> log_tasks(const std::vector<observed_loop>& loops)
{
    for (const observed_loop& loop : loops) {
        const auto tasks = co_await ask_for_tasks(loop);
        if (!tasks) {
            log::warning("a loop does not answer", {{"loop", loop.name}});
            continue;
        }
        log::info("tasks", {{"loop", loop.name}, {"tasks", tasks->size()}});
        for (std::size_t i = 0; i < std::min(most_lines, tasks->size()); ++i)
            log_task(loop, (*tasks)[i]);
        if (tasks->size() > most_lines)
            log::info(
                "further tasks are not listed, rill-top shows them",
                {{"loop", loop.name}, {"tasks", tasks->size() - most_lines}}
            );
    }
}

} // namespace rill::app::detail
