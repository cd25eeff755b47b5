// SPDX-License-Identifier: BSL-1.0
// expect: give the range away with std::move
#include <rill/gather.hpp>

#include <vector>

rill::awaitable<std::vector<int>> test(std::vector<rill::awaitable<int>> members)
{
#ifdef CORRECT
    co_return co_await rill::gather(std::move(members));
#else
    co_return co_await rill::gather(members);
#endif
}
