// SPDX-License-Identifier: BSL-1.0
// expect: write co_await std::move\(operation\)
#include <rill/sleep.hpp>

rill::awaitable<void> test()
{
    auto operation = rill::sleep(std::chrono::seconds(1));
#ifdef CORRECT
    co_await std::move(operation);
#else
    co_await operation;
#endif
}
