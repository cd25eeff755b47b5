// SPDX-License-Identifier: BSL-1.0

// A program of rill::core alone, without any compiled library.
#include "parts.hpp"

#include <rill/run.hpp>

#include <boost/asio/this_coro.hpp>

namespace {

rill::awaitable<int> run_one()
{
    rill::queue<int> loopback(co_await boost::asio::this_coro::executor, 1);
    co_return co_await header_only::put_and_sum(loopback, loopback);
}

} // namespace

int main()
{
    return rill::run(run_one()) == 1055 ? 0 : 1;
}
