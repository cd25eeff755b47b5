// SPDX-License-Identifier: BSL-1.0
#include <rill/log.hpp>
#include <rill/log_capture.hpp>
#include <rill/run.hpp>
#include <rill/task.hpp>

#include <doctest/doctest.h>

#include <atomic>
#include <stdexcept>
#include <string>
#include <thread>

namespace {

namespace log = rill::log;

std::string error_of(const auto& f)
{
    try {
        f();
    } catch (const std::logic_error& e) {
        return e.what();
    }
    return {};
}

} // namespace

TEST_CASE("log capture: lines of every level, with their fields and their task, in order")
{
    log::capture captured;
    log::debug("looked", {{"at", "it"}});
    rill::run([]() -> rill::awaitable<void> {
        log::warning("client disconnected", {{"reason", "timeout"}});
        co_return;
    });
    std::thread([] { log::error("from a thread"); }).join();
    const auto lines = captured.lines();
    REQUIRE(lines.size() == 3);
    CHECK(lines[0] == "debug: looked at=it");
    CHECK(lines[1] == "warning: client disconnected reason=timeout task=main");
    CHECK(lines[2] == "error: from a thread");
}

TEST_CASE("log capture: an expected line is taken out; one that is missing shows all there are")
{
    log::capture captured;
    log::info("started", {{"port", 80}});
    log::info("stopped");
    CHECK(captured.expect("port=80") == "info: started port=80");
    const std::string text = error_of([&] { captured.expect("port=80"); });
    CHECK(text.find("no line contains 'port=80'") != std::string::npos);
    CHECK(text.find("info: stopped") != std::string::npos);
}

TEST_CASE("log capture: warnings and errors that nobody expected are found, lesser lines are not")
{
    log::capture captured;
    log::info("by the way");
    CHECK(error_of([&] { captured.expect_nothing_else(); }) == "");
    log::warning("beware");
    CHECK(error_of([&] { captured.expect_nothing_else(); }).find("beware") != std::string::npos);
    captured.expect("beware");
    CHECK(error_of([&] { captured.expect_nothing_else(); }) == "");
}

TEST_CASE("log capture: there is one at a time")
{
    {
        const log::capture captured;
        CHECK_THROWS_AS(log::capture(), std::logic_error);
    }
    CHECK_NOTHROW(log::capture());
}

TEST_CASE("log capture: it may go while other threads write")
{
    std::atomic<bool> stop = false;
    std::thread writer([&stop] {
        while (!stop)
            log::info("written");
    });
    for (int round = 0; round < 1000; ++round)
        const log::capture captured;
    stop = true;
    writer.join();
}
