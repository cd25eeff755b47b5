// SPDX-License-Identifier: BSL-1.0
#include "parts.hpp"
#include "put_and_sum.hpp"

#ifdef BOOST_ASIO_SEPARATE_COMPILATION
#error "rill::core must leave Asio header-only"
#endif

rill::awaitable<int> header_only::put_and_sum(rill::queue<int>& out, rill::queue<int>& in)
{
    return put_and_sum_body(out, in);
}
