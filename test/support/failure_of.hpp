// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <support/contains.hpp>

#include <rill/testing/failure.hpp>

#include <string>

namespace test {

/// What the test kit finds wrong with `f`; empty if nothing.
template <class F>
std::string failure_of(const F& f)
{
    try {
        f();
    } catch (const rill::testing::failure& e) {
        return e.what();
    }
    return {};
}

} // namespace test
