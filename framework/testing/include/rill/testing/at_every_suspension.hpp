// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/detail/form.hpp>
#include <rill/detail/simulation.hpp>
#include <rill/testing/run.hpp>
#include <rill/testing/scenario.hpp>

#include <cstddef>
#include <exception>
#include <string>
#include <vector>

namespace rill::RILL_FORM {

namespace testing::simulation {

inline std::vector<testing::interruption> all_interruptions()
{
    using enum testing::interruption;
    return {cancel, timeout, error, sibling_failure};
}

} // namespace testing::simulation

namespace testing {

/// Calls `play(scenario&)` without an interruption and counts its points; then again for each kind
/// of interruption and each of the points, with that interruption there. Gives the number of
/// points.
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
/// when it is left alone, or if descriptors are left open: it names the interruption, its point,
/// the place of main's wait, and has the tree of tasks as it was there.
template <class Play>
std::size_t at_every_suspension(
    Play play, const std::vector<interruption>& kinds = simulation::all_interruptions()
);

// Implementation

} // namespace testing

namespace testing::simulation {

template <class Play>
void play_scenario(Play& play, testing::scenario& s)
{
    try {
        play(s);
    } catch (...) {
        std::string text = s.description() + ": " + extend::text_of(std::current_exception());
        if (!s.tasks().empty())
            text += "\nbefore the interruption: " + s.tasks();
        std::throw_with_nested(testing::failure(text));
    }
}

/// Gives the number of points.
template <class Play>
std::size_t play_once(Play& play, testing::interruption how, std::size_t point, std::size_t points)
{
    const testing::descriptors before = testing::descriptors::now();
    std::size_t steps = 0;
    std::string description;
    {
        testing::scenario s(how, point, points);
        play_scenario(play, s);
        if (point == testing::scenario::nowhere && !s.completed())
            throw testing::failure("the scenario does not complete when nothing interrupts it");
        steps = s.steps();
        description = s.description();
    }
    std::string open;
    for (const std::string& line : testing::descriptors::now().since(before))
        open += "\n  " + line;
    if (!open.empty())
        throw testing::failure(description + ": descriptors were left open:" + open);
    return steps;
}

template <class Play>
std::size_t play_undisturbed(Play& play, testing::interruption how)
{
    return play_once(play, how, testing::scenario::nowhere, 0);
}

} // namespace testing::simulation

namespace testing {

template <class Play>
std::size_t at_every_suspension(Play play, const std::vector<interruption>& kinds)
{
    const std::size_t steps = simulation::play_undisturbed(play, interruption::none);
    for (const interruption how : kinds) {
        const std::size_t points = simulation::play_undisturbed(play, how);
        for (std::size_t point = 0; point < points; ++point)
            simulation::play_once(play, how, point, points);
    }
    return steps;
}

} // namespace testing

} // namespace rill::RILL_FORM
