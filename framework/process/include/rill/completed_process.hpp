// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/clock.hpp>

#include <cstddef>
#include <string>

namespace rill {

/// What a process has used, it and those children of its that it has waited for.
struct process_usage {
    duration user{};               ///< Time on a processor, in the program.
    duration system{};             ///< And in the kernel.
    std::size_t most_resident = 0; ///< Bytes of memory at once.
};

/// A process that has ended, and what it gave. Mirrors subprocess.CompletedProcess.
struct completed_process {
    std::string command; ///< As one would type it.
    int returncode = 0;  ///< Its exit status; minus the signal that ended it. See process::wait.
    std::string stdout_; ///< Empty where it was not a pipe, or went to a sink.
    std::string stderr_;
    process_usage usage;
};

/// "ended with status 1", "was ended by SIGKILL".
std::string to_string(const completed_process& p);

} // namespace rill
