// SPDX-License-Identifier: BSL-1.0
//
// micro BENCH N: times one operation of the core and prints {"ns":per_operation,"bytes":per_one}.
// A bench that is not offered prints {}. Run it with no argument for the list.

#include <rill/event.hpp>
#include <rill/gather.hpp>
#include <rill/mutex.hpp>
#include <rill/queue.hpp>
#include <rill/run.hpp>
#include <rill/semaphore.hpp>
#include <rill/sleep.hpp>
#include <rill/task_group.hpp>
#include <rill/timeout.hpp>

#include <unistd.h>

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <string_view>
#include <utility>
#include <vector>

namespace {

using namespace std::chrono_literals;
using rill::awaitable;

struct figures {
    double ns = 0;    // per operation
    double bytes = 0; // resident, per operation
};

double thread_cpu_ns()
{
    timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return static_cast<double>(t.tv_sec) * 1e9 + static_cast<double>(t.tv_nsec);
}

double resident_bytes()
{
    long total = 0;
    long resident = 0;
    std::FILE* f = std::fopen("/proc/self/statm", "r");
    if (!f || std::fscanf(f, "%ld %ld", &total, &resident) != 2)
        std::abort();
    std::fclose(f);
    return static_cast<double>(resident) * static_cast<double>(sysconf(_SC_PAGESIZE));
}

/// Nanoseconds of wall time that `body` takes, divided among n.
template <class Body>
awaitable<figures> timed(std::uint64_t n, Body body)
{
    const auto start = std::chrono::steady_clock::now();
    co_await body();
    const std::chrono::duration<double, std::nano> spent = std::chrono::steady_clock::now() - start;
    co_return figures{spent.count() / static_cast<double>(n)};
}

[[gnu::noinline]] awaitable<void> nothing()
{
    co_return;
}

awaitable<void> yields(std::uint64_t n)
{
    for (std::uint64_t i = 0; i < n; ++i)
        co_await rill::yield();
}

awaitable<figures> spawn_join(std::uint64_t n)
{
    return timed(n, [n]() -> awaitable<void> {
        for (std::uint64_t i = 0; i < n; ++i)
            co_await rill::create_task(nothing());
    });
}

awaitable<figures> group1000(std::uint64_t n)
{
    return timed(n, [n]() -> awaitable<void> {
        for (std::uint64_t i = 0; i < n / 1000; ++i)
            co_await rill::with_task_group([](rill::task_group& group) -> awaitable<void> {
                for (int k = 0; k < 1000; ++k)
                    group.create_task(nothing());
                co_return;
            });
    });
}

awaitable<figures> gather1000(std::uint64_t n)
{
    return timed(n, [n]() -> awaitable<void> {
        for (std::uint64_t i = 0; i < n / 1000; ++i) {
            std::vector<awaitable<void>> members;
            members.reserve(1000);
            for (int k = 0; k < 1000; ++k)
                members.push_back(nothing());
            co_await rill::gather(std::move(members));
        }
    });
}

awaitable<figures> yield2(std::uint64_t n)
{
    return timed(n, [n]() -> awaitable<void> {
        const auto a = rill::create_task(yields(n / 2));
        const auto b = rill::create_task(yields(n / 2));
        co_await a;
        co_await b;
    });
}

awaitable<figures> call_chain(std::uint64_t n)
{
    return timed(n, [n]() -> awaitable<void> {
        for (std::uint64_t i = 0; i < n; ++i)
            co_await nothing();
    });
}

awaitable<void> produce(rill::queue<std::uint64_t>& queue, std::uint64_t n)
{
    for (std::uint64_t i = 0; i < n; ++i) {
        co_await queue.put(i);
        if (queue.capacity() == 0 && i % 1000 == 999)
            co_await rill::yield();
    }
}

awaitable<figures> through_queue(std::uint64_t n, std::size_t capacity)
{
    return timed(n, [n, capacity]() -> awaitable<void> {
        rill::queue<std::uint64_t> queue(capacity);
        const auto producer = rill::create_task(produce(queue, n));
        std::uint64_t sum = 0;
        for (std::uint64_t i = 0; i < n; ++i)
            sum += co_await queue.get();
        co_await producer;
        if (sum != n * (n - 1) / 2)
            std::abort();
    });
}

awaitable<figures> lock_uncontended(std::uint64_t n)
{
    return timed(n, [n]() -> awaitable<void> {
        rill::mutex mutex;
        for (std::uint64_t i = 0; i < n; ++i) {
            co_await mutex.lock();
            mutex.unlock();
        }
    });
}

awaitable<void> acquire_and_yield(rill::semaphore& semaphore, std::uint64_t n)
{
    for (std::uint64_t i = 0; i < n; ++i) {
        co_await semaphore.acquire();
        co_await rill::yield();
        semaphore.release();
    }
}

awaitable<void> lock_and_yield(rill::mutex& mutex, std::uint64_t n)
{
    for (std::uint64_t i = 0; i < n; ++i) {
        co_await mutex.lock();
        co_await rill::yield();
        mutex.unlock();
    }
}

/// A hundred tasks that want the same.
template <class Worker>
awaitable<void> contend(Worker worker)
{
    return rill::with_task_group([worker](rill::task_group& group) -> awaitable<void> {
        for (int k = 0; k < 100; ++k)
            group.create_task(worker());
        co_return;
    });
}

awaitable<figures> lock100(std::uint64_t n)
{
    return timed(n, [n]() -> awaitable<void> {
        rill::mutex mutex;
        co_await contend([&mutex, n] { return lock_and_yield(mutex, n / 100); });
    });
}

awaitable<figures> sem10(std::uint64_t n)
{
    return timed(n, [n]() -> awaitable<void> {
        rill::semaphore semaphore(10);
        co_await contend([&semaphore, n] { return acquire_and_yield(semaphore, n / 100); });
    });
}

awaitable<figures> event1000(std::uint64_t n)
{
    return timed(n, [n]() -> awaitable<void> {
        for (std::uint64_t i = 0; i < n / 1000; ++i) {
            rill::event event;
            co_await rill::with_task_group([&](rill::task_group& group) -> awaitable<void> {
                for (int k = 0; k < 1000; ++k)
                    group.create_task(event.wait());
                co_await rill::yield();
                event.set();
            });
        }
    });
}

awaitable<figures> sleep1e5(std::uint64_t n)
{
    const double before = thread_cpu_ns();
    co_await rill::with_task_group([n](rill::task_group& group) -> awaitable<void> {
        std::uint64_t x = 88172645463325252;
        for (std::uint64_t i = 0; i < n; ++i) {
            x ^= x << 13;
            x ^= x >> 7;
            x ^= x << 17;
            group.create_task(rill::sleep(std::chrono::nanoseconds(x % 100'000'000)));
        }
        co_return;
    });
    co_return figures{(thread_cpu_ns() - before) / static_cast<double>(n)};
}

awaitable<figures> timer_cancel(std::uint64_t n)
{
    return timed(n, [n]() -> awaitable<void> {
        auto loop = rill::this_loop();
        for (std::uint64_t i = 0; i < n; ++i) {
            loop.call_later(10s, [] {}).cancel();
            if (i % 1000 == 999)
                co_await rill::yield();
        }
    });
}

awaitable<figures> timeout_imm(std::uint64_t n)
{
    return timed(n, [n]() -> awaitable<void> {
        for (std::uint64_t i = 0; i < n; ++i)
            co_await rill::timeout(10s, nothing());
    });
}

awaitable<figures> idle(std::uint64_t n)
{
    const double before = resident_bytes();
    const auto start = std::chrono::steady_clock::now();
    for (std::uint64_t i = 0; i < n; ++i)
        rill::create_task(rill::sleep(1h));
    co_await rill::yield();
    co_await rill::yield();
    const std::chrono::duration<double, std::nano> spent = std::chrono::steady_clock::now() - start;
    const double count = static_cast<double>(n);
    co_return figures{spent.count() / count, (resident_bytes() - before) / count};
}

struct bench {
    std::string_view name;
    awaitable<figures> (*run)(std::uint64_t n);
};

constexpr bench benches[] = {
    {"spawn_join", spawn_join},
    {"group1000", group1000},
    {"gather1000", gather1000},
    {"yield2", yield2},
    {"call_chain", call_chain},
    {"queue1", [](std::uint64_t n) { return through_queue(n, 1); }},
    {"queue100", [](std::uint64_t n) { return through_queue(n, 100); }},
    {"queue_unb", [](std::uint64_t n) { return through_queue(n, 0); }},
    {"lock_unc", lock_uncontended},
    {"lock100", lock100},
    {"sem10", sem10},
    {"event1000", event1000},
    {"sleep1e5", sleep1e5},
    {"timer_cancel", timer_cancel},
    {"timeout_imm", timeout_imm},
    {"idle1e6", idle},
};

awaitable<void> run_and_print(const bench& b, std::uint64_t n)
{
    const figures f = co_await b.run(n);
    std::printf("{\"ns\":%.2f,\"bytes\":%.0f}\n", f.ns, f.bytes);
    std::fflush(stdout);
    std::_Exit(0); // a million tasks may still sleep; ending them is not what is timed
}

} // namespace

int main(int argc, char** argv)
{
    if (argc != 3) {
        std::fputs("usage: micro BENCH N; BENCH is one of:\n", stderr);
        for (const bench& b : benches)
            std::fprintf(stderr, "  %.*s\n", static_cast<int>(b.name.size()), b.name.data());
        return 2;
    }
    for (const bench& b : benches)
        if (b.name == argv[1])
            rill::run(run_and_print(b, std::strtoull(argv[2], nullptr, 10)));
    std::puts("{}");
}
