// SPDX-License-Identifier: BSL-1.0
// expect: a parameter that is a non-const reference takes std::ref
#include <rill/task.hpp>

#include <functional>

rill::awaitable<void> count(int& n);

void test(int& n)
{
#ifdef CORRECT
    rill::create_task(count, std::ref(n));
#else
    rill::create_task(count, n);
#endif
}
