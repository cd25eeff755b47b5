// SPDX-License-Identifier: BSL-1.0
// expect: another loop runs a coroutine
#include <rill/run_on.hpp>

int plain();
rill::awaitable<int> answer();

rill::awaitable<void> test(boost::asio::io_context& io)
{
#ifdef CORRECT
    co_await rill::run_on(io, answer);
#else
    co_await rill::run_on(io, plain);
#endif
}
