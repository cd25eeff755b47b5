// SPDX-License-Identifier: BSL-1.0
// expect: what f returns would be lost; a coroutine would never run
#include <rill/exception_group.hpp>

void test(const rill::exception_group& group)
{
#ifdef CORRECT
    group.handle<std::logic_error>([](const std::logic_error&) {});
#else
    group.handle<std::logic_error>([](const std::logic_error&) { return 1; });
#endif
}
