// SPDX-License-Identifier: BSL-1.0
// expect: this is not awaited itself, but one of its operations is
#include <rill/mutex.hpp>

rill::awaitable<void> test(rill::mutex& mutex)
{
#ifdef CORRECT
    const auto lock = co_await mutex.scoped();
#else
    co_await mutex;
#endif
}
