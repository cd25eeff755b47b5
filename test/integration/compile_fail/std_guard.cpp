// SPDX-License-Identifier: BSL-1.0
// expect: std's guards cannot wait for a lock of Rill's
#include <rill/mutex.hpp>

#include <mutex>

rill::awaitable<void> test(rill::mutex& mutex, std::mutex& of_threads)
{
#ifdef CORRECT
    const auto lock = co_await mutex.scoped();
    const std::lock_guard plain(of_threads);
#else
    const std::lock_guard lock(mutex);
    static_cast<void>(of_threads);
    co_return;
#endif
}
