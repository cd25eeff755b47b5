// SPDX-License-Identifier: BSL-1.0
// expect: this is no coroutine, which returns rill::awaitable<T>
#include <rill/loop.hpp>
#include <rill/task.hpp>

void work();

void test(rill::loop& loop)
{
#ifdef CORRECT
    loop.call_soon(work);
#else
    rill::create_task(work);
#endif
}
