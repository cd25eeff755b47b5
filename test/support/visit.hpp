// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <doctest/doctest.h>

namespace test {

/// Somebody in a place where there is room for few. Too many is a failure.
class visit {
public:
    visit(int& inside, int most)
        : inside_(inside)
    {
        ++inside_;
        CHECK(inside_ <= most);
    }

    ~visit() { --inside_; }

    visit(const visit&) = delete;
    visit& operator=(const visit&) = delete;

private:
    int& inside_;
};

} // namespace test
