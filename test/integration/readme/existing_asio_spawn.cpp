// SPDX-License-Identifier: BSL-1.0
//
// Runs what framework/core/EXISTING-ASIO.md shows of asio::spawn.
#include "existing_asio_spawn.hpp"

#include <rill/loop_thread.hpp>
#include <rill/shared_state.hpp>

#include <doctest/doctest.h>

#include <memory>
#include <stdexcept>

namespace {

TEST_CASE("existing Asio guide: operations and combinators in a stackful coroutine")
{
    CHECK(through_a_stackful_coroutine() == 10);
}

TEST_CASE(
    "existing Asio: a stackful coroutine gets a result that is only moved, none, or an exception"
)
{
    asio::io_context io;
    rill::loop_thread worker;
    rill::shared_state<int> state(io.get_executor(), 7);
    bool ended = false;
    const auto main = [&](asio::yield_context yield) {
        const auto make = []() -> rill::awaitable<std::unique_ptr<int>> {
            co_return std::make_unique<int>(1);
        };
        CHECK(*rill::async_run_on(worker, make, yield) == 1);
        const auto nothing = []() -> rill::awaitable<void> { co_return; };
        rill::async_run_on(worker, nothing, yield);
        const auto fail = []() -> rill::awaitable<int> { throw std::runtime_error("failed"); };
        CHECK_THROWS_WITH_AS(rill::async_run_on(worker, fail, yield), "failed", std::runtime_error);
        CHECK(state.async_with([](int& n) { return n; }, yield) == 7);
        ended = true;
    };
    asio::spawn(io, main, asio::detached);
    io.run();
    CHECK(ended);
}

} // namespace
