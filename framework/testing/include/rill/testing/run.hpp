// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/detail/form.hpp>
#include <rill/detail/simulation.hpp>
#include <rill/testing/descriptors.hpp>
#include <rill/testing/failure.hpp>
#include <rill/testing/loop.hpp>
#include <rill/testing/options.hpp>

#include <cstdint>
#include <cstdio>
#include <exception>
#include <string>
#include <type_traits>
#include <utility>

namespace rill::RILL_FORM {

namespace testing {

/// Runs `main` on a loop with a virtual clock, which jumps to the next deadline when every task
/// waits and nothing is ready, and gives its result or throws its exception unchanged: an hour of
/// timeouts and retries takes milliseconds, and every run is the same. As rill::run, for tests.
///
/// Throws failure, with the tree of tasks and what each waits for, where a real loop would hang; and
/// where main leaves something behind: tasks, handlers, timers, descriptors, errors that reached the
/// exception handler. Calls in other threads (to_thread) are waited for before time passes.
template <class T>
T run(awaitable<T> main, const options& how = {});
template <coroutine_function F>
auto run(F main, const options& how = {});

/// Runs `scenario`, a callable that gives the awaitable, once with each of the seeds 1 to `seeds`,
/// each with another order of what is ready and other random numbers. Where one fails, its seed is
/// printed and stands in the failure that is thrown. RILL_TEST_SEED=17 in the environment runs that
/// seed alone.
template <coroutine_function F>
void explore(std::uint64_t seeds, F scenario, options how = {});

// Implementation

} // namespace testing

namespace testing::simulation {

inline void check_nothing_left(testing::loop& l)
{
    l.settle();
    std::string text;
    for (const std::string& line : l.leftovers())
        text += "\n  " + line;
    l.context().restart();
    l.context().poll();
    if (text.empty() && !l.context().stopped())
        text = "\n  something of Asio's is pending: a socket, a timer or a signal";
    if (!text.empty())
        throw testing::failure("main left behind:" + text + "\n" + l.tasks());
}

inline void check_descriptors(const testing::descriptors& before, const testing::options& how)
{
    std::string text;
    if (how.checks_descriptors())
        for (const std::string& line : testing::descriptors::now().since(before))
            text += "\n  " + line;
    if (!text.empty())
        throw testing::failure("descriptors were left open:" + text);
}

inline std::string text_of_error(const std::exception_ptr& error)
{
    try {
        std::rethrow_exception(error);
    } catch (const std::exception& e) {
        return e.what();
    } catch (...) {
        return "an exception that is no std::exception";
    }
}

/// Whether the scenario fails with that seed; then it says so.
template <class F>
void explore_one(std::uint64_t seed, F& scenario, testing::options how)
{
    try {
        testing::run([&] { return scenario(); }, how.seed(seed).shuffle());
    } catch (...) {
        const std::string text = "seed " + std::to_string(seed) +
                                 " fails; RILL_TEST_SEED=" + std::to_string(seed) +
                                 " runs it alone";
        std::fprintf(stderr, "rill::testing::explore: %s\n", text.c_str());
        std::throw_with_nested(
            testing::failure(text + ": " + text_of_error(std::current_exception()))
        );
    }
}

} // namespace testing::simulation

namespace testing {

template <class T>
T run(awaitable<T> main, const options& how)
{
    return run([&] { return std::move(main); }, how);
}

template <coroutine_function F>
auto run(F main, const options& how)
{
    using T = awaited_t<std::invoke_result_t<F&>>;
    const descriptors before = descriptors::now();
    const auto on_a_loop = [&]() -> T {
        loop l(how);
        if constexpr (std::is_void_v<T>) {
            l.run(std::ref(main));
            simulation::check_nothing_left(l);
        } else {
            T result = l.run(std::ref(main));
            simulation::check_nothing_left(l);
            return result;
        }
    };
    if constexpr (std::is_void_v<T>) {
        on_a_loop();
        simulation::check_descriptors(before, how);
    } else {
        T result = on_a_loop();
        simulation::check_descriptors(before, how);
        return result;
    }
}

template <coroutine_function F>
void explore(std::uint64_t seeds, F scenario, options how)
{
    if (const auto only = options::seed_in_environment()) {
        simulation::explore_one(*only, scenario, how);
        return;
    }
    for (std::uint64_t seed = 1; seed <= seeds; ++seed)
        simulation::explore_one(seed, scenario, how);
}

} // namespace testing
} // namespace rill::RILL_FORM
