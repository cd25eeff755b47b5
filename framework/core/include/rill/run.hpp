// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/loop.hpp>

namespace rill {

/// Runs `main` on a loop of its own and gives its result, or throws its exception unchanged.
/// Mirrors asyncio.run.
///
/// When main has ended, tasks that are left are cancelled and awaited; what they throw then goes to
/// the exception handler. The loop is gone when this returns. std::logic_error if a loop runs on
/// this thread already; `main` is then destroyed without having run.
template <class T>
T run(awaitable<T> main);

/// The same for a callable that gives the awaitable; it is called on the loop.
template <coroutine_function F>
auto run(F main);

// Implementation

namespace detail {

/// Ends what main left behind, whichever way it ended.
class shutdown_scope {
public:
    explicit shutdown_scope(loop& l) noexcept
        : loop_(l)
    {}

    ~shutdown_scope()
    {
        try {
            loop_.cancel_all_tasks();
        } catch (...) {
            loop_.call_exception_handler({"shutdown was cut short", std::current_exception(), {}});
        }
    }

    shutdown_scope(const shutdown_scope&) = delete;
    shutdown_scope& operator=(const shutdown_scope&) = delete;

private:
    loop& loop_;
};

} // namespace detail

template <class T>
T run(awaitable<T> main)
{
    loop l;
    const detail::shutdown_scope shutdown(l);
    return l.run_until_complete(std::move(main));
}

template <coroutine_function F>
auto run(F main)
{
    return run(detail::call_stored(std::move(main)));
}

} // namespace rill
