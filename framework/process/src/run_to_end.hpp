// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/command.hpp>
#include <rill/process.hpp>

namespace rill::process_detail {

/// With what run_process and run_pipeline do where a command says nothing.
command with_usual_streams(command c);

/// Communicates with it, for the time that it has, and closes it on every way out. Throws as
/// run_process does, but says nothing of its status.
awaitable<completed_process> run_to_end(process p, command_plan plan);

/// The process_error of one that has not ended with status 0.
[[noreturn]] void throw_failed(completed_process p);

} // namespace rill::process_detail
