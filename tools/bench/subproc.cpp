// SPDX-License-Identifier: BSL-1.0
//
// subproc BENCH N: times processes and prints {"ns":per_operation,"cpu_ns":per_operation}. With a
// third argument, this program has so many MiB of memory of its own meanwhile.
//
//     seq       /bin/true, one after another
//     conc50    the same, 50 at a time
//     cat100m   100 MiB through cat with communicate, once

#include <rill/process.hpp>
#include <rill/run.hpp>
#include <rill/task_group.hpp>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <string>
#include <string_view>

namespace {

using rill::awaitable;
using rill::command;

double seconds(clockid_t clock)
{
    timespec t;
    clock_gettime(clock, &t);
    return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_nsec) / 1e9;
}

awaitable<void> run_true()
{
    auto p = co_await rill::create_subprocess_exec(command("/bin/true"));
    co_await p.wait();
}

awaitable<void> one_after_another(int n)
{
    for (int i = 0; i < n; ++i)
        co_await run_true();
}

awaitable<void> fifty_at_a_time(int n)
{
    const auto all = [n](rill::task_group& group) -> awaitable<void> {
        group.limit(50);
        for (int i = 0; i < n; ++i)
            group.create_task(run_true());
        co_return;
    };
    co_await rill::with_task_group(all);
}

constexpr std::size_t amount = std::size_t(100) << 20;

awaitable<void> through_cat(std::string input)
{
    auto p = co_await rill::create_subprocess_exec(
        command("/bin/cat").stdin_(rill::piped).stdout_(rill::piped).max_output(amount)
    );
    const auto done = co_await p.communicate(std::move(input));
    if (done.stdout_.size() != amount)
        std::abort();
}

void print(awaitable<void> bench, int operations)
{
    const double wall = seconds(CLOCK_MONOTONIC);
    const double cpu = seconds(CLOCK_PROCESS_CPUTIME_ID);
    rill::run(std::move(bench));
    std::printf(
        "{\"ns\":%.0f,\"cpu_ns\":%.0f}\n",
        (seconds(CLOCK_MONOTONIC) - wall) * 1e9 / operations,
        (seconds(CLOCK_PROCESS_CPUTIME_ID) - cpu) * 1e9 / operations
    );
}

} // namespace

int main(int argc, char** argv)
{
    if (argc < 3) {
        std::fputs("usage: subproc seq|conc50|cat100m N [MiB]\n", stderr);
        return 2;
    }
    const std::string_view bench = argv[1];
    const int n = std::atoi(argv[2]);
    const std::string ballast(argc > 3 ? std::stoul(argv[3]) << 20 : 0, 'x');
    if (bench == "seq")
        print(one_after_another(n), n);
    else if (bench == "conc50")
        print(fifty_at_a_time(n), n);
    else if (bench == "cat100m")
        print(through_cat(std::string(amount, 'x')), 1);
    else
        std::puts("{}");
    return ballast.empty() || ballast.back() == 'x' ? 0 : 1;
}
