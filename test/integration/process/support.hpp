// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <support/contains.hpp>
#include <support/live.hpp>

#include <rill/process.hpp>
#include <rill/run_process.hpp>
#include <rill/unique_fd.hpp>

#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <string>

namespace test {

using rill::awaitable;
using rill::command;

/// Whether this program has a child, or a zombie.
inline bool has_children()
{
    siginfo_t info{};
    return ::waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) == 0 || errno != ECHILD;
}

/// Some process, also one that is not our child.
class stranger {
public:
    explicit stranger(pid_t pid)
        : pidfd_(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)))
    {}

    /// Returns once it has ended.
    awaitable<void> ended()
    {
        if (!pidfd_)
            co_return; // it had ended before
        boost::asio::posix::stream_descriptor end(
            co_await boost::asio::this_coro::executor, pidfd_.release()
        );
        co_await end.async_wait(
            boost::asio::posix::descriptor_base::wait_read, boost::asio::use_awaitable
        );
    }

private:
    rill::unique_fd pidfd_;
};

/// What a shell prints.
inline awaitable<std::string> output_of_shell(std::string text)
{
    const auto done = co_await rill::run_process(rill::shell_command(text));
    co_return done.stdout_;
}

inline command silent_sleeper()
{
    return command("sleep", "1000").stdin_(rill::null);
}

/// It takes no notice of SIGTERM, and says so first.
inline command stubborn()
{
    return rill::shell_command("trap '' TERM; echo ready; while :; do sleep 1000; done")
        .stdin_(rill::null)
        .stdout_(rill::piped);
}

} // namespace test
