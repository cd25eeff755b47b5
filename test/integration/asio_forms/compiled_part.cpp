// SPDX-License-Identifier: BSL-1.0
#include "parts.hpp"
#include "put_and_sum.hpp"

#ifndef BOOST_ASIO_SEPARATE_COMPILATION
#error "rill::core_compiled must make Asio separately compiled"
#endif

rill::awaitable<int> compiled::put_and_sum(rill::queue<int>& out, rill::queue<int>& in)
{
    return put_and_sum_body(out, in);
}
