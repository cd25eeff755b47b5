// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/detail/form.hpp>
#include <rill/runner.hpp>

#include <source_location>
#include <utility>

namespace rill::RILL_FORM {

/// Runs `main` on a loop of its own and gives its result, or throws its exception unchanged.
/// Mirrors asyncio.run.
///
/// The loop is gone when this returns; what main leaves behind is ended first, in the order that
/// runner::close describes, and what it throws then goes to the exception handler. SIGINT cancels
/// main, as runner::run says. std::logic_error if a loop runs on this thread already; `main` is
/// then destroyed without having run.
///
/// `run(main, rill::debug)` turns debug mode on.
template <class T>
T run(
    awaitable<T> main,
    runner_options options = {},
    std::source_location place = std::source_location::current()
);

/// The same for a callable that gives the awaitable; it is called on the loop.
template <class F>
    requires(!detail::is_awaitable<F>)
auto run(
    F main,
    runner_options options = {},
    std::source_location place = std::source_location::current()
);

// Implementation

template <class T>
T run(awaitable<T> main, runner_options options, std::source_location place)
{
    const detail::never_missed<awaitable<T>> refused(main);
    detail::check_no_loop_runs_here();
    runner r(std::move(options));
    return r.run(std::move(main), std::nullopt, place);
}

#ifdef RILL_SEPARATE_COMPILATION // compiled with the library
extern template void run<void>(awaitable<void>, runner_options, std::source_location);
#endif

template <class F>
    requires(!detail::is_awaitable<F>)
auto run(F main, runner_options options, std::source_location place)
{
    constexpr bool coroutine = coroutine_function<F>;
    static_assert(
        coroutine, "run takes a coroutine: rill::run(main()), where main returns rill::awaitable<T>"
    );
    if constexpr (coroutine)
        return run(detail::call_stored(std::move(main)), std::move(options), place);
}

} // namespace rill::RILL_FORM
