// SPDX-License-Identifier: BSL-1.0
#include "cpu_count.hpp"

#include <sched.h>

#include <algorithm>
#include <fstream>
#include <string>
#include <thread>

namespace rill::app::detail {

namespace {

using path = std::filesystem::path;

/// quota / period, rounded up; empty if the group is not limited.
std::optional<std::size_t> cores(double quota, double period)
{
    if (quota <= 0 || period <= 0)
        return std::nullopt;
    const auto whole = static_cast<std::size_t>(quota / period);
    return std::max<std::size_t>(
        1, static_cast<double>(whole) * period < quota ? whole + 1 : whole
    );
}

/// cpu.max is "max 100000" or "150000 100000".
std::optional<std::size_t> version_2(const path& group)
{
    std::ifstream file{group / "cpu.max"};
    std::string quota;
    double period = 0;
    if (!(file >> quota >> period) || quota == "max")
        return std::nullopt;
    return cores(std::strtod(quota.c_str(), nullptr), period);
}

std::optional<std::size_t> version_1(const path& group)
{
    std::ifstream quota_file{group / "cpu.cfs_quota_us"};
    std::ifstream period_file{group / "cpu.cfs_period_us"};
    double quota = 0;
    double period = 0;
    if (!(quota_file >> quota) || !(period_file >> period))
        return std::nullopt;
    return cores(quota, period);
}

using reader = std::optional<std::size_t> (*)(const path& group);

/// The smallest limit from the group at `mount`/`name` up to `mount` itself. In a container the
/// name may be the host's and not exist here; then the mount is the group.
std::optional<std::size_t> smallest(const path& mount, const path& name, reader read)
{
    std::optional<std::size_t> least;
    path below = name.relative_path();
    for (;;) {
        if (const auto limit = read(mount / below); limit && (!least || *limit < *least))
            least = limit;
        if (below.empty())
            return least;
        below = below.parent_path();
    }
}

bool has_cpu(const std::string& controllers)
{
    return ("," + controllers + ",").find(",cpu,") != std::string::npos;
}

void lower(std::optional<std::size_t>& least, std::optional<std::size_t> limit)
{
    if (limit && (!least || *limit < *least))
        least = limit;
}

} // namespace

std::optional<std::size_t> cgroup_cores(const path& root)
{
    std::ifstream groups{root / "proc/self/cgroup"}; // "0::/a/b", "4:cpu,cpuacct:/a/b"
    const path mount = root / "sys/fs/cgroup";
    std::optional<std::size_t> least;
    for (std::string line; std::getline(groups, line);) {
        const auto first = line.find(':');
        const auto second = line.find(':', first + 1);
        if (first == std::string::npos || second == std::string::npos)
            continue;
        const auto controllers = line.substr(first + 1, second - first - 1);
        const path name = line.substr(second + 1);
        if (controllers.empty()) {
            lower(least, smallest(mount, name, version_2));
            lower(least, smallest(mount / "unified", name, version_2));
        } else if (has_cpu(controllers)) {
            lower(least, smallest(mount / controllers, name, version_1));
            lower(least, smallest(mount / "cpu", name, version_1));
        }
    }
    return least;
}

std::size_t usable_cores()
{
    std::size_t count = std::max(1U, std::thread::hardware_concurrency());
    cpu_set_t allowed;
    if (::sched_getaffinity(0, sizeof allowed, &allowed) == 0)
        count = std::min<std::size_t>(count, static_cast<std::size_t>(CPU_COUNT(&allowed)));
    if (const auto quota = cgroup_cores("/"))
        count = std::min(count, *quota);
    return std::max<std::size_t>(1, count);
}

} // namespace rill::app::detail
