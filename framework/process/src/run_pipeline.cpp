// SPDX-License-Identifier: BSL-1.0
#include "launch.hpp"
#include "run_to_end.hpp"

#include <rill/exception_group.hpp>
#include <rill/run_process.hpp>
#include <rill/task_group.hpp>
#include <rill/unique_fd.hpp>

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <stdexcept>
#include <utility>

namespace rill {

namespace {

/// Starts them, each with a pipe to the next one.
awaitable<std::vector<process>> start_all(std::vector<command>& commands)
{
    std::vector<process> all;
    unique_fd from; // what the one before writes
    for (std::size_t i = 0; i < commands.size(); ++i) {
        command c = std::move(commands[i]);
        if (from)
            c.stdin_(from.get());
        unique_fd next;
        unique_fd to;
        if (i + 1 < commands.size()) {
            int ends[2];
            if (::pipe2(ends, O_CLOEXEC) != 0)
                process_detail::throw_spawn_error(
                    errno, spawn_step::open, to_string(c), "a pipe to the next one"
                );
            next.reset(ends[0]);
            to.reset(ends[1]);
            c.stdout_(to.get());
        }
        c = process_detail::with_usual_streams(std::move(c));
        commands[i] = c;
        all.push_back(co_await create_subprocess_exec(std::move(c)));
        from = std::move(next);
    }
    co_return all;
}

duration shortest_timeout(const std::vector<command>& commands)
{
    duration shortest = forever;
    for (const command& c : commands)
        shortest = std::min(shortest, process_detail::command_access::plan(c).timeout);
    return shortest;
}

} // namespace

awaitable<std::vector<completed_process>> run_pipeline(std::vector<command> commands)
{
    if (commands.empty())
        throw std::invalid_argument("rill::run_pipeline: no commands");
    const duration timeout = shortest_timeout(commands);
    std::vector<process> started = co_await start_all(commands);
    std::vector<task<completed_process>> ends;
    const auto all = [&](task_group& group) -> awaitable<void> {
        for (std::size_t i = 0; i < started.size(); ++i) {
            auto plan = process_detail::command_access::plan(commands[i]);
            plan.timeout = timeout;
            ends.push_back(group.create_task(
                process_detail::run_to_end(std::move(started[i]), std::move(plan))
            ));
        }
        co_return;
    };
    try {
        co_await with_task_group(all);
    } catch (const exception_group& errors) {
        std::rethrow_exception(errors.exceptions().front()); // the others were ended by it
    }
    std::vector<completed_process> done;
    for (const auto& end : ends)
        done.push_back(end.result());
    for (std::size_t i = 0; i < done.size(); ++i) {
        const bool needed_no_more = i + 1 < done.size() && done[i].returncode == -SIGPIPE;
        const bool checked = process_detail::command_access::plan(commands[i]).check;
        if (checked && done[i].returncode != 0 && !needed_no_more)
            process_detail::throw_failed(std::move(done[i]));
    }
    co_return done;
}

} // namespace rill
