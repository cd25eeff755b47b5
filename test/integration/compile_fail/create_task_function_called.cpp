// SPDX-License-Identifier: BSL-1.0
// expect: this is no coroutine, which returns rill::awaitable<T>
#include <rill/task_group.hpp>

#ifdef CORRECT
rill::awaitable<int> twice(int n);
#else
int twice(int n);
#endif

void test(rill::task_group& group)
{
    group.create_task(twice, 2);
}
