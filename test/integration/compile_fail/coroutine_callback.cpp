// SPDX-License-Identifier: BSL-1.0
// expect: a callback cannot be a coroutine
#include <rill/loop.hpp>

rill::awaitable<void> work();

void test(rill::loop& loop)
{
#ifdef CORRECT
    loop.call_soon([] { rill::create_task(work()); });
#else
    loop.call_soon([] { return work(); });
#endif
}
