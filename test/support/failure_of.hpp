// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/testing/failure.hpp>

#include <string>
#include <string_view>

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

inline bool contains(std::string_view text, std::string_view part)
{
    return text.find(part) != std::string_view::npos;
}

} // namespace test
