// SPDX-License-Identifier: BSL-1.0
#include "launch.hpp"

#include "child_image.hpp"
#include "pidfd.hpp"

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>

namespace rill::process_detail {

namespace {

/// While it lives, no handler of this program's runs on this thread, nor in the child that borrows
/// its memory.
class all_signals_blocked {
public:
    all_signals_blocked() noexcept
    {
        sigset_t all;
        ::sigfillset(&all);
        ::pthread_sigmask(SIG_SETMASK, &all, &before_);
    }

    ~all_signals_blocked() { ::pthread_sigmask(SIG_SETMASK, &before_, nullptr); }

    all_signals_blocked(const all_signals_blocked&) = delete;
    all_signals_blocked& operator=(const all_signals_blocked&) = delete;

private:
    sigset_t before_;
};

/// ThreadSanitizer makes a fork of every vfork.
#if defined(__SANITIZE_THREAD__)
constexpr bool can_borrow = false;
#elif defined(__has_feature)
constexpr bool can_borrow = !__has_feature(thread_sanitizer);
#else
constexpr bool can_borrow = true;
#endif

/// The child borrows this program's memory until its own program runs, which costs the same however
/// large this one is. vfork returns twice, and what the compiler keeps on the stack in between is the
/// parent's: so nothing but this is in here.
[[gnu::noinline]] pid_t borrow(const child_image& image, child_report report) noexcept
{
    const pid_t pid = ::vfork();
    if (pid == 0)
        image.become(report);
    return pid;
}

[[gnu::noinline]] pid_t copy(const child_image& image, child_report report) noexcept
{
    const pid_t pid = ::fork();
    if (pid == 0)
        image.become(report);
    return pid;
}

/// -1, and errno, where no child can be had. Returns once it runs its program, or has failed.
pid_t start_in_our_memory(const child_image& image, child_failure& failure) noexcept
{
    const all_signals_blocked blocked;
    return borrow(image, {.memory = &failure});
}

/// The same with a copy of it, for a child that runs code of the program's, or as another user: that
/// user must not get at this program through it.
pid_t start_in_a_copy(const child_image& image, child_failure& failure) noexcept
{
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0)
        return -1;
    const unique_fd report(ends[0]);
    unique_fd report_to(ends[1]);
    pid_t pid = -1;
    {
        const all_signals_blocked blocked;
        pid = copy(image, {.pipe = report_to.get()});
    }
    if (pid < 0)
        return -1;
    report_to.reset();
    while (::read(report.get(), &failure, sizeof failure) < 0 && errno == EINTR)
        continue; // nothing comes where exec has closed it
    return pid;
}

std::string describe(spawn_step step, const command_plan& plan)
{
    switch (step) {
    case spawn_step::open: return "its standard streams";
    case spawn_step::fork: return "a process";
    case spawn_step::session: return "a session or process group of its own";
    case spawn_step::descriptors: return "its descriptors";
    case spawn_step::limits: return "its resource limits";
    case spawn_step::cwd: return "its directory '" + plan.cwd.string() + "'";
    case spawn_step::groups: return "its supplementary groups";
    case spawn_step::group: return "its group " + std::to_string(plan.group.value_or(0));
    case spawn_step::user: return "its user " + std::to_string(plan.user.value_or(0));
    case spawn_step::parent: return "its life as that of this program";
    case spawn_step::before_exec: return "before_exec";
    case spawn_step::exec: return "the program '" + plan.arguments.front() + "'";
    }
    return {};
}

} // namespace

void throw_spawn_error(int error, spawn_step step, const std::string& name, const std::string& what)
{
    const error_code ec(error, asio::error::get_system_category());
    throw spawn_error(ec, "cannot start '" + name + "': " + what + ": " + ec.message(), step);
}

void kill_and_reap(pid_t pid) noexcept
{
    ::kill(pid, SIGKILL);
    while (::waitpid(pid, nullptr, 0) < 0 && errno == EINTR)
        continue;
}

launched launch(
    const command_plan& plan, const std::vector<std::pair<int, int>>& moves, const std::string& name
)
{
    const auto fail = [&](int error, spawn_step step) {
        throw_spawn_error(error, step, name, describe(step, plan));
    };
    const child_image image(plan, moves);
    const bool apart = plan.before_exec || plan.user || plan.group || plan.groups;
    child_failure failure{};
    launched child;
    child.pid = apart || !can_borrow ? start_in_a_copy(image, failure)
                                     : start_in_our_memory(image, failure);
    if (child.pid < 0)
        fail(errno, spawn_step::fork);
    if (failure.error != 0) {
        kill_and_reap(child.pid);
        fail(failure.error, failure.step);
    }
    child.pidfd.reset(open_pidfd(child.pid));
    if (!child.pidfd) {
        const int error = errno;
        kill_and_reap(child.pid);
        fail(error, spawn_step::fork);
    }
    return child;
}

} // namespace rill::process_detail
