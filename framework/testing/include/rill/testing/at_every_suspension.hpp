// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/testing/run.hpp>
#include <rill/testing/scenario.hpp>

#include <cstddef>
#include <exception>
#include <string>
#include <vector>

namespace rill::testing {

namespace detail {

inline std::vector<interruption> all_interruptions()
{
    return {
        interruption::cancel,
        interruption::timeout,
        interruption::error,
        interruption::sibling_failure
    };
}

} // namespace detail

/// Calls `play(scenario&)` without an interruption and counts its points; then again for each kind
/// of interruption and each of the points, with that interruption there. Gives the number of points.
///
///     testing::at_every_suspension([](testing::scenario& s) {
///         rill::semaphore permits(s.executor(), 2);
///         s.run([&]() -> rill::awaitable<void> { ... });
///         s.require(permits.available() == 2, "a permit is lost");
///     });
///
/// `play` makes what it needs, runs the scenario once, and checks what must hold whichever way it
/// ended: that items, permits and tasks add up. Each call must do the same up to the interruption.
///
/// Throws failure, with what play threw nested, if play throws anything, if it does not complete
/// when it is left alone, or if descriptors are left open: it names the interruption, its point, the
/// place of main's wait, and has the tree of tasks as it was there.
template <class Play>
std::size_t at_every_suspension(
    Play play, const std::vector<interruption>& kinds = detail::all_interruptions()
);

// Implementation

namespace detail {

template <class Play>
void play_scenario(Play& play, scenario& s)
{
    try {
        play(s);
    } catch (...) {
        std::string text = s.description() + ": " + text_of(std::current_exception());
        if (!s.tasks().empty())
            text += "\nbefore the interruption: " + s.tasks();
        std::throw_with_nested(failure(text));
    }
}

/// Gives the number of points.
template <class Play>
std::size_t play_once(Play& play, interruption how, std::size_t point, std::size_t points)
{
    const descriptors before = descriptors::now();
    std::size_t steps = 0;
    std::string description;
    {
        scenario s(how, point, points);
        play_scenario(play, s);
        if (point == scenario::nowhere && !s.completed())
            throw failure("the scenario does not complete when nothing interrupts it");
        steps = s.steps();
        description = s.description();
    }
    std::string open;
    for (const std::string& line : descriptors::now().since(before))
        open += "\n  " + line;
    if (!open.empty())
        throw failure(description + ": descriptors were left open:" + open);
    return steps;
}

template <class Play>
std::size_t play_undisturbed(Play& play, interruption how)
{
    return play_once(play, how, scenario::nowhere, 0);
}

} // namespace detail

template <class Play>
std::size_t at_every_suspension(Play play, const std::vector<interruption>& kinds)
{
    const std::size_t steps = detail::play_undisturbed(play, interruption::none);
    for (const interruption how : kinds) {
        const std::size_t points = detail::play_undisturbed(play, how);
        for (std::size_t point = 0; point < points; ++point)
            detail::play_once(play, how, point, points);
    }
    return steps;
}

} // namespace rill::testing
