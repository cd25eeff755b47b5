// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

namespace rill::process_detail {

// The C library has these from 2.36 on, whose header is none for C++ yet.

/// -1, and errno, if there is none to be had.
inline int open_pidfd(pid_t pid) noexcept
{
    return static_cast<int>(::syscall(SYS_pidfd_open, pid, 0));
}

/// False, and errno, if it could not be sent.
inline bool signal_pidfd(int pidfd, int number) noexcept
{
    return ::syscall(SYS_pidfd_send_signal, pidfd, number, nullptr, 0) == 0;
}

} // namespace rill::process_detail
