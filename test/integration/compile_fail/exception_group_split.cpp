// SPDX-License-Identifier: BSL-1.0
// expect: a group is split by the type of its leaves
#include <rill/exception_group.hpp>

void test(const rill::exception_group& group)
{
#ifdef CORRECT
    (void)group.split<std::runtime_error>();
#else
    (void)group.split<rill::exception_group>();
#endif
}
