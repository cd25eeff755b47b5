// SPDX-License-Identifier: BSL-1.0
#include "orphans.hpp"
#include "pidfd.hpp"

#include <rill/detail/child.hpp>
#include <rill/log.hpp>

#include <poll.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <csignal>
#include <utility>

namespace rill::process_detail {

namespace {

/// How long the end of a loop waits for those that it has killed: the kernel does it in less.
constexpr int patience_at_end = 200; // milliseconds

duration time_of(const timeval& t)
{
    return std::chrono::duration_cast<duration>(
        std::chrono::seconds(t.tv_sec) + std::chrono::microseconds(t.tv_usec)
    );
}

process_usage usage_of(const rusage& used)
{
    return {
        time_of(used.ru_utime),
        time_of(used.ru_stime),
        static_cast<std::size_t>(used.ru_maxrss) * 1024 // Linux counts KiB
    };
}

/// As waitid, which the C library has without the resources.
long wait_for(int pidfd, siginfo_t& info, rusage& used) noexcept
{
    return ::syscall(SYS_waitid, P_PIDFD, pidfd, &info, WEXITED | WNOHANG, &used);
}

} // namespace

child::child(loop_core& core, pid_t pid, unique_fd pidfd, bool own_group, life l, std::string name)
    : context_user(core.io())
    , core_(&core)
    , pid_(pid)
    , own_group_(own_group)
    , life_(l)
    , name_(std::move(name))
{
    pidfd_.emplace(core.executor(), pidfd.get());
    pidfd.release();
}

child::~child() = default;

bool child::look() noexcept
{
    if (!returncode_ && pidfd_)
        take_status();
    return returncode_.has_value();
}

void child::take_status() noexcept
{
    siginfo_t info{};
    if (ends_group_ && own_group_) {
        // Once its status is taken, the number of the group may be somebody else's.
        const auto id = static_cast<id_t>(pidfd_->native_handle());
        if (::waitid(P_PIDFD, id, &info, WEXITED | WNOHANG | WNOWAIT) == 0 && info.si_pid != 0)
            ::kill(-pid_, SIGKILL);
        info = {};
    }
    rusage used{};
    if (wait_for(pidfd_->native_handle(), info, used) != 0) {
        if (errno == ECHILD)
            lost_status();
        else
            return;
    } else if (info.si_pid == 0) {
        return; // it runs
    } else {
        returncode_ = info.si_code == CLD_EXITED ? info.si_status : -info.si_status;
        usage_ = usage_of(used);
    }
    stop_watching();
    pidfd_.reset();
    waiting_.complete_all();
    reap_orphans();
}

/// Somebody else waits for children that are not his, or this program ignores SIGCHLD.
void child::lost_status() noexcept
{
    returncode_ = 255;
    log::warning(
        "the status of a child was taken by somebody else; it counts as 255",
        {{"command", name_}, {"pid", pid_}}
    );
}

bool child::signal(int number)
{
    if (look())
        return false;
    if (signal_pidfd(pidfd_->native_handle(), number))
        return true;
    if (errno == ESRCH)
        return false;
    throw system_error(
        error_code(errno, asio::error::get_system_category()), "a signal to '" + name_ + "'"
    );
}

void child::end_group(int number) noexcept
{
    if (is_detached() || returncode_)
        return;
    ends_group_ = true;
    if (look())
        return;
    if (own_group_)
        ::kill(-pid_, number);
    if (!own_group_ || number == SIGKILL) // it may have left its group
        signal_pidfd(pidfd_->native_handle(), number);
}

void child::let_go() noexcept
{
    end_group(SIGKILL);
    if (!core_ || look())
        return;
    if (is_detached()) {
        give_away();
        return;
    }
    try {
        watch();
    } catch (...) { // no memory
        give_away();
    }
}

void child::give_away() noexcept
{
    watching_ = false;
    add_orphan(unique_fd(pidfd_->release()));
    pidfd_.reset();
}

void child::watch()
{
    if (watching_)
        return;
    pidfd_->async_wait(
        asio::posix::descriptor_base::wait_read,
        [self = boost::intrusive_ptr<child>(this)](error_code ec) {
            const auto tell = [&] { self->told(); };
            if (!ec && self->core_)
                self->core_->run_step(nullptr, tell);
        }
    );
    watching_ = true;
}

void child::stop_watching() noexcept
{
    if (!std::exchange(watching_, false))
        return;
    error_code ignored;
    pidfd_->cancel(ignored);
}

/// The reactor may be wrong: an event of a descriptor that had this number before, of which a child of
/// another thread still has a copy.
void child::told()
{
    watching_ = false;
    if (!look() && (ends_group_ || !waiting_.empty()))
        watch();
}

void child::on_context_end() noexcept
{
    const boost::intrusive_ptr<child> keep(this);
    core_ = nullptr;
    watching_ = false;
    if (!pidfd_)
        return;
    end_group(SIGKILL);
    if (returncode_)
        return;
    pollfd end{pidfd_->native_handle(), POLLIN, 0};
    if (!is_detached())
        ::poll(&end, 1, patience_at_end);
    if (look())
        return;
    give_away();
    if (!is_detached())
        returncode_ = -SIGKILL; // what it ends by
}

exit_wait::exit_wait(boost::intrusive_ptr<child> c, std::source_location where) noexcept
    : operation(c->core_, where)
    , child_(std::move(c))
{}

void exit_wait::start()
{
    if (child_->returncode()) {
        complete();
        return;
    }
    child_->watch(); // which tells of one that has ended before as well
    child_->waiting_.add(*this);
}

void exit_wait::on_cancel()
{
    abort();
    if (child_->waiting_.empty())
        child_->stop_watching();
}

void exit_wait::describe_to(std::string& text) const
{
    text = "the end of '" + child_->name() + "' (process " + std::to_string(child_->pid()) + ")";
}

} // namespace rill::process_detail
