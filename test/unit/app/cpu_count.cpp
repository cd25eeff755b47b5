// SPDX-License-Identifier: BSL-1.0
#include "cpu_count.hpp"

#include <doctest/doctest.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <string>

namespace {

/// A root directory of the test's own.
class root {
public:
    root()
    {
        std::string name = (std::filesystem::temp_directory_path() / "rill-root-XXXXXX").string();
        REQUIRE(::mkdtemp(name.data()));
        path_ = name;
    }

    root(const root&) = delete;
    root& operator=(const root&) = delete;

    ~root() { std::filesystem::remove_all(path_); }

    root& with(const std::string& file, const std::string& text)
    {
        const auto path = path_ / file;
        std::filesystem::create_directories(path.parent_path());
        std::ofstream{path} << text;
        return *this;
    }

    std::size_t cores() const { return rill::app::detail::cgroup_cores(path_).value_or(0); }

private:
    std::filesystem::path path_;
};

} // namespace

TEST_CASE("cores: without a quota there is no limit")
{
    CHECK(root{}.cores() == 0);
    CHECK(root{}.with("proc/self/cgroup", "nonsense\n::\n0::/\n").cores() == 0);
    CHECK(
        root{}
            .with("proc/self/cgroup", "0::/\n")
            .with("sys/fs/cgroup/cpu.max", "max 100000\n")
            .cores() == 0
    );
}

TEST_CASE("cores: a quota of cgroup v2 is rounded up, and is at least one core")
{
    const auto with_quota = [](const std::string& cpu_max) {
        return root{}
            .with("proc/self/cgroup", "0::/\n")
            .with("sys/fs/cgroup/cpu.max", cpu_max)
            .cores();
    };
    CHECK(with_quota("200000 100000\n") == 2);
    CHECK(with_quota("150000 100000\n") == 2);
    CHECK(with_quota("5000 100000\n") == 1);
    CHECK(with_quota("0 100000\n") == 0);
    CHECK(with_quota("100000 0\n") == 0);
    CHECK(with_quota("x y\n") == 0);
    CHECK(with_quota("") == 0);
}

TEST_CASE("cores: of nested groups the smallest quota counts")
{
    root r;
    r.with("proc/self/cgroup", "0::/a/b\n");
    r.with("sys/fs/cgroup/a/cpu.max", "300000 100000\n");
    r.with("sys/fs/cgroup/a/b/cpu.max", "max 100000\n");
    CHECK(r.cores() == 3);
    r.with("sys/fs/cgroup/a/b/cpu.max", "200000 100000\n");
    CHECK(r.cores() == 2);
}

TEST_CASE("cores: a quota of cgroup v1, also where the group's name is the host's")
{
    root r;
    r.with("proc/self/cgroup", "7:memory:/x\n4:cpu,cpuacct:/docker/1234\n");
    r.with("sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us", "-1\n");
    r.with("sys/fs/cgroup/cpu,cpuacct/cpu.cfs_period_us", "100000\n");
    CHECK(r.cores() == 0);
    r.with("sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us", "250000\n");
    CHECK(r.cores() == 3);
}

TEST_CASE("cores: the process itself has at least one")
{
    CHECK(rill::app::detail::usable_cores() >= 1);
}
