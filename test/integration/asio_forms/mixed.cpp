// SPDX-License-Identifier: BSL-1.0

// One task from each form of Asio, on one loop, handing each other numbers.
#include "parts.hpp"

#include <rill/run.hpp>
#include <rill/task.hpp>

#include <boost/asio/this_coro.hpp>

namespace {

rill::awaitable<int> run_both()
{
    const auto executor = co_await boost::asio::this_coro::executor;
    rill::queue<int> there(executor, 1);
    rill::queue<int> back(executor, 1);
    auto first = rill::create_task(header_only::put_and_sum(there, back), "header-only");
    auto second = rill::create_task(compiled::put_and_sum(back, there), "compiled");
    const int sum = co_await first;
    co_return sum + co_await second;
}

} // namespace

int main()
{
    return rill::run(run_both()) == 2 * 1055 ? 0 : 1;
}
