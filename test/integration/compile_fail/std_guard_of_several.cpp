// SPDX-License-Identifier: BSL-1.0
// expect: std's guards cannot wait for a lock of Rill's
#include <rill/shared_mutex.hpp>

#include <mutex>

rill::awaitable<void> test(rill::shared_mutex& mutex, std::mutex& of_threads)
{
#ifdef CORRECT
    const auto lock = co_await mutex.scoped();
    const std::scoped_lock plain(of_threads);
#else
    const std::scoped_lock lock(of_threads, mutex);
    co_return;
#endif
}
