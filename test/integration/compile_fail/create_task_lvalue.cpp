// SPDX-License-Identifier: BSL-1.0
// expect: deleted (constructor|function)[^\n]*awaitable
#include <rill/task.hpp>

void test(rill::awaitable<void> body)
{
#ifdef CORRECT
    rill::create_task(std::move(body));
#else
    rill::create_task(body);
#endif
}
