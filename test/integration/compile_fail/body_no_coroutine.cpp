// SPDX-License-Identifier: BSL-1.0
// expect: the body is no coroutine: write a lambda that takes nothing
#include <rill/task_group.hpp>

rill::awaitable<void> test()
{
#ifdef CORRECT
    co_await rill::with_task_group([](rill::task_group& group) -> rill::awaitable<void> {
        group.cancel();
        co_return;
    });
#else
    co_await rill::with_task_group([](rill::task_group& group) { group.cancel(); });
#endif
}
