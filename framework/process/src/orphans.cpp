// SPDX-License-Identifier: BSL-1.0
#include "orphans.hpp"

#include <sys/wait.h>

#include <atomic>
#include <mutex>
#include <new>
#include <utility>
#include <vector>

namespace rill::process_detail {

namespace {

std::mutex mutex;
std::vector<unique_fd> orphans;
std::atomic<bool> are_some = false; // what most look at

bool has_ended(const unique_fd& pidfd) noexcept
{
    siginfo_t info{};
    const auto id = static_cast<id_t>(pidfd.get());
    return ::waitid(P_PIDFD, id, &info, WEXITED | WNOHANG) != 0 || info.si_pid != 0;
}

} // namespace

void add_orphan(unique_fd pidfd) noexcept
{
    const std::lock_guard lock(mutex);
    try {
        orphans.push_back(std::move(pidfd));
        are_some = true;
    } catch (const std::bad_alloc&) {
        // It stays a zombie when it ends, until this program does.
    }
}

void reap_orphans() noexcept
{
    if (!are_some)
        return;
    const std::lock_guard lock(mutex);
    std::erase_if(orphans, has_ended);
    are_some = !orphans.empty();
}

} // namespace rill::process_detail
