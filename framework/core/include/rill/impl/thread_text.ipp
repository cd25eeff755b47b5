// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/detail/watch/thread_text.hpp>

#include <fcntl.h>

namespace rill::RILL_FORM::detail {

RILL_DECL std::string text_of_thread(pid_t thread)
{
    std::string text = "thread " + std::to_string(thread);
    const std::string path = "/proc/self/task/" + std::to_string(thread) + "/comm";
    const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (file < 0)
        return text;
    char name[16]; // the longest that there is, with the end of the line
    const ssize_t size = ::read(file, name, sizeof name);
    ::close(file);
    if (size > 1)
        text += " '" + std::string(name, static_cast<std::size_t>(size - 1)) + "'";
    return text;
}

} // namespace rill::RILL_FORM::detail
