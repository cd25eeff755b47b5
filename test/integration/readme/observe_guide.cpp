// SPDX-License-Identifier: BSL-1.0
//
// framework/observe/README.md says what its code does; here it does it.
#include <doctest/doctest.h>
#include <observe_guide.hpp>

TEST_CASE("log guide: a program's own sink gets the lines")
{
    const std::vector<std::string> expected{"info client disconnected peer=10.0.0.7 bytes=512"};
    CHECK(lines_of_a_program() == expected);
}

TEST_CASE("log guide: a line that comes too often is written once")
{
    CHECK_NOTHROW(test_of_the_door());
}
