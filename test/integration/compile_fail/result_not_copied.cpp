// SPDX-License-Identifier: BSL-1.0
// expect: a result that cannot be copied is awaited with co_await std::move\(task\)
#include <rill/task.hpp>

#include <memory>

rill::awaitable<void> test(rill::task<std::unique_ptr<int>> task)
{
#ifdef CORRECT
    const auto result = co_await std::move(task);
#else
    const auto result = co_await task;
#endif
}
