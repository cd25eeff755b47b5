// SPDX-License-Identifier: BSL-1.0
// expect: run takes a coroutine
#include <rill/run.hpp>

rill::awaitable<int> answer();

int test()
{
#ifdef CORRECT
    return rill::run(answer());
#else
    return rill::run(42);
#endif
}
