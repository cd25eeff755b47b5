// SPDX-License-Identifier: BSL-1.0
//
// Runs what framework/core/EXISTING-ASIO.md shows of asio::spawn.
#include "existing_asio_spawn.hpp"

#include <doctest/doctest.h>

namespace {

TEST_CASE("existing Asio guide: operations and combinators in a stackful coroutine")
{
    CHECK(through_a_stackful_coroutine() == 10);
}

} // namespace
