// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/detail/form.hpp>

#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

#include <string>

namespace rill::RILL_FORM::detail {

/// As the system numbers it, debuggers and top as well.
inline pid_t this_thread() noexcept
{
    return static_cast<pid_t>(::syscall(SYS_gettid));
}

/// "thread 4711 'worker-2'". The thread may be gone, and is without its name then.
std::string text_of_thread(pid_t thread);

} // namespace rill::RILL_FORM::detail

#ifndef RILL_SEPARATE_COMPILATION
#include <rill/impl/thread_text.ipp>
#endif
