// SPDX-License-Identifier: BSL-1.0
#include "part.hpp"

rill::awaitable<int> sum_of(rill::queue<int>& numbers, int count)
{
    int sum = 0;
    while (count-- > 0)
        sum += co_await numbers.get();
    co_return sum;
}
