// SPDX-License-Identifier: BSL-1.0
// expect: a condition_variable knows its mutex
#include <rill/condition_variable.hpp>

rill::awaitable<void> test(rill::condition_variable& changed, const bool& ready)
{
    const auto lock = co_await changed.scoped();
#ifdef CORRECT
    co_await changed.wait([&] { return ready; });
#else
    co_await changed.wait(lock, [&] { return ready; });
#endif
}
