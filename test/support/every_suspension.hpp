// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <support/loop.hpp>

#include <rill/testing/at_every_suspension.hpp>

#include <doctest/doctest.h>

namespace test {

using rill::testing::scenario;

/// As testing::at_every_suspension, and what a CHECK finds wrong comes with the interruption.
template <class Play>
std::size_t at_every_suspension(Play play)
{
    return rill::testing::at_every_suspension([&play](scenario& s) {
        INFO(s.description());
        play(s);
    });
}

} // namespace test
