// SPDX-License-Identifier: BSL-1.0
// expect: select takes operations such as
#include <rill/select.hpp>
#include <rill/sleep.hpp>

rill::awaitable<void> coroutine();

rill::awaitable<void> test()
{
    using namespace std::chrono_literals;
#ifdef CORRECT
    co_await rill::select(rill::sleep(1s), rill::sleep(2s));
#else
    co_await rill::select(coroutine(), rill::sleep(2s));
#endif
}
