// SPDX-License-Identifier: BSL-1.0
#include "child_image.hpp"

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <string_view>

namespace rill::process_detail {

namespace {

/// What this program's environment becomes by the plan's changes.
std::vector<std::string> environment_of(const command_plan& plan)
{
    std::vector<std::string> all;
    if (!plan.environment_cleared)
        for (char** at = environ; at && *at; ++at) {
            const std::string_view entry(*at);
            if (!plan.environment.contains(std::string(entry.substr(0, entry.find('=')))))
                all.emplace_back(entry);
        }
    for (const auto& [name, value] : plan.environment)
        if (value)
            all.push_back(name + "=" + *value);
    return all;
}

std::string search_path(const command_plan& plan)
{
    const auto own = plan.environment.find("PATH");
    if (own != plan.environment.end())
        return own->second.value_or("");
    const char* const ours = plan.environment_cleared ? nullptr : std::getenv("PATH");
    return ours ? ours : "/usr/local/bin:/usr/bin:/bin";
}

std::vector<std::string> candidates_of(const command_plan& plan)
{
    const std::string& program = plan.arguments.front();
    if (program.find('/') != std::string::npos)
        return {program};
    std::vector<std::string> all;
    const std::string path = search_path(plan);
    for (std::size_t at = 0; at <= path.size();) {
        const std::size_t end = std::min(path.find(':', at), path.size());
        const std::string directory = path.substr(at, end - at);
        all.push_back(directory.empty() ? "./" + program : directory + "/" + program);
        at = end + 1;
    }
    return all;
}

std::vector<char*> pointers_to(const std::vector<std::string>& texts)
{
    std::vector<char*> all;
    for (const std::string& text : texts)
        all.push_back(const_cast<char*>(text.c_str())); // exec takes them so, and leaves them
    all.push_back(nullptr);
    return all;
}

} // namespace

child_image::child_image(const command_plan& plan, std::vector<std::pair<int, int>> moves)
    : plan_(plan)
    , moves_(std::move(moves))
    , sources_(moves_.size())
    , candidates_(candidates_of(plan))
    , argv_(pointers_to(plan.arguments))
    , env_(environ)
    , parent_(::getpid())
    , gives_up_groups_(plan.groups || ((plan.user || plan.group) && ::geteuid() == 0))
{
    std::sort(moves_.begin(), moves_.end());
    if (!plan.environment_cleared && plan.environment.empty())
        return;
    environment_ = environment_of(plan);
    envp_ = pointers_to(environment_);
    env_ = envp_.data();
}

void child_image::fail(child_report report, spawn_step step, int error) noexcept
{
    const child_failure failure{step, error};
    if (report.memory)
        *report.memory = failure;
    else [[maybe_unused]]
        const ssize_t n = ::write(report.pipe, &failure, sizeof failure);
    ::_exit(127);
}

void child_image::become(child_report report) const noexcept
{
    default_signals();
    join_group(report);
    take_descriptors(report);
    close_others(report);
    set_limits(report);
    enter_directory(report);
    change_user(report);
    die_with_parent(report);
    if (plan_.before_exec)
        if (const int error = plan_.before_exec())
            fail(report, spawn_step::before_exec, error);
    sigset_t none;
    ::sigemptyset(&none);
    ::sigprocmask(SIG_SETMASK, &none, nullptr);
    exec(report);
}

/// Handlers would run in borrowed memory, and what is ignored here would be ignored by the program.
void child_image::default_signals() noexcept
{
    struct sigaction usual{};
    usual.sa_handler = SIG_DFL;
    for (int number = 1; number < NSIG; ++number)
        ::sigaction(number, &usual, nullptr); // in vain for a few
}

void child_image::join_group(child_report report) const noexcept
{
    if (plan_.new_session || plan_.detached) {
        if (::setsid() < 0)
            fail(report, spawn_step::session, errno);
    } else if (plan_.own_group() && ::setpgid(0, 0) != 0) {
        fail(report, spawn_step::session, errno);
    }
}

/// First everything is moved out of the way of the numbers that are to be taken, the report's pipe
/// too, then to its place.
void child_image::take_descriptors(child_report& report) const noexcept
{
    const int above = std::max(moves_.empty() ? 0 : moves_.back().first, STDERR_FILENO) + 1;
    const auto move_away = [&](int fd) {
        const int away = fd < above ? ::fcntl(fd, F_DUPFD_CLOEXEC, above) : fd;
        if (away < 0)
            fail(report, spawn_step::descriptors, errno);
        return away;
    };
    if (report.pipe >= 0)
        report.pipe = move_away(report.pipe);
    for (std::size_t i = 0; i < moves_.size(); ++i)
        sources_[i] = move_away(moves_[i].second);
    for (std::size_t i = 0; i < moves_.size(); ++i)
        if (::dup2(sources_[i], moves_[i].first) < 0)
            fail(report, spawn_step::descriptors, errno);
    const bool merged = std::holds_alternative<merged_t>(plan_.stream_of(2).what());
    if (merged && ::dup2(STDOUT_FILENO, STDERR_FILENO) < 0)
        fail(report, spawn_step::descriptors, errno);
}

/// Whatever is neither a standard stream nor wanted, whether somebody had marked it or not.
void child_image::close_others(child_report report) const noexcept
{
    const auto close_between = [&](int first, unsigned last) {
        const auto from = static_cast<unsigned>(first);
        if (from <= last && ::close_range(from, last, 0) != 0)
            fail(report, spawn_step::descriptors, errno);
    };
    int next = STDERR_FILENO + 1;
    for (const auto& [number, ours] : moves_) {
        if (number < next)
            continue;
        close_between(next, static_cast<unsigned>(number) - 1);
        next = number + 1;
    }
    if (report.pipe >= 0) {
        close_between(next, static_cast<unsigned>(report.pipe) - 1);
        next = report.pipe + 1;
    }
    close_between(next, UINT_MAX);
}

void child_image::set_limits(child_report report) const noexcept
{
    for (const auto& [resource, most] : plan_.limits) {
        const rlimit both{most, most};
        if (::setrlimit(static_cast<__rlimit_resource>(resource), &both) != 0)
            fail(report, spawn_step::limits, errno);
    }
}

void child_image::enter_directory(child_report report) const noexcept
{
    if (!plan_.cwd.empty() && ::chdir(plan_.cwd.c_str()) != 0)
        fail(report, spawn_step::cwd, errno);
}

/// By system calls: the C library's functions would have all threads of this program follow.
void child_image::change_user(child_report report) const noexcept
{
    if (gives_up_groups_) {
        const std::size_t count = plan_.groups ? plan_.groups->size() : 0;
        const gid_t* const ids = plan_.groups ? plan_.groups->data() : nullptr;
        if (::syscall(SYS_setgroups, count, ids) != 0)
            fail(report, spawn_step::groups, errno);
    }
    if (plan_.group && ::syscall(SYS_setresgid, *plan_.group, *plan_.group, *plan_.group) != 0)
        fail(report, spawn_step::group, errno);
    if (plan_.user && ::syscall(SYS_setresuid, *plan_.user, *plan_.user, *plan_.user) != 0)
        fail(report, spawn_step::user, errno);
}

/// After the user has changed, which takes the wish back. It may have come too late.
void child_image::die_with_parent(child_report report) const noexcept
{
    if (plan_.detached)
        return;
    if (::prctl(PR_SET_PDEATHSIG, SIGKILL) != 0)
        fail(report, spawn_step::parent, errno);
    if (::getppid() != parent_)
        fail(report, spawn_step::parent, ESRCH);
}

/// As execvpe, without its shell for what is no program.
void child_image::exec(child_report report) const noexcept
{
    bool denied = false;
    for (const std::string& path : candidates_) {
        ::execve(path.c_str(), argv_.data(), env_);
        if (errno == EACCES)
            denied = true;
        else if (errno != ENOENT && errno != ENOTDIR)
            fail(report, spawn_step::exec, errno);
    }
    fail(report, spawn_step::exec, denied ? EACCES : ENOENT);
}

} // namespace rill::process_detail
