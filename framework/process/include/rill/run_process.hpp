// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/command.hpp>
#include <rill/completed_process.hpp>
#include <rill/process_error.hpp>

#include <concepts>
#include <utility>
#include <vector>

namespace rill {

/// Runs a program to its end, and gives what it wrote: the call for nine cases in ten. Mirrors
/// subprocess.run(capture_output=True, check=True), and trio.run_process.
///
/// Where the command does not say otherwise, standard input is empty, and both outputs are kept.
///
/// Errors: spawn_error if it does not start; process_error unless it ends with status 0, within the
/// command's timeout, and within max_output; what a sink throws. See command::check.
/// Cancellation, and every way out: the process has ended and its status is taken. It gets SIGTERM with
/// its whole group, and SIGKILL after its time of grace; a second cancel ends that at once.
awaitable<completed_process> run_process(command c);

/// Runs programs at the same time, each of which reads what the one before it writes, through a pipe
/// between the two; gives them in their order, and so with the last one's output. Mirrors `a | b | c`
/// of a shell.
///
/// As run_process does, for each of them; the output of each but the last is the next one's input
/// whatever they say. The first that fails in the line is the process_error, but for a SIGPIPE: that
/// only means that the next one needed no more. The shortest timeout ends them all.
awaitable<std::vector<completed_process>> run_pipeline(std::vector<command> commands);

template <std::same_as<command>... Commands>
awaitable<std::vector<completed_process>> run_pipeline(command first, Commands... others)
{
    std::vector<command> all;
    all.push_back(std::move(first));
    (all.push_back(std::move(others)), ...);
    return run_pipeline(std::move(all));
}

} // namespace rill
