// SPDX-License-Identifier: BSL-1.0
//
// What becomes of a service that runs out of descriptors or memory once its workers have started.
#include "child.hpp"

#include <doctest/doctest.h>

#include <chrono>
#include <csignal>
#include <optional>
#include <string>
#include <vector>

namespace {

std::size_t count(const std::string& text, const std::string& part)
{
    std::size_t found = 0;
    for (auto at = text.find(part); at != std::string::npos; at = text.find(part, at + 1))
        ++found;
    return found;
}

} // namespace

TEST_CASE("shortage: if not all workers can be started, those that are finish, and it ends with 1")
{
    std::optional<test::child> service;
    {
        const test::descriptor_limit few{40};
        service.emplace(std::vector<std::string>{"--set", "service.workers=100"});
    }
    CHECK(service->wait() == 1);
    const std::string& log = service->text();
    CHECK(log.find("a worker cannot start") != std::string::npos);
    const auto started = count(log, "\"message\":\"started\"");
    CHECK(started > 0);
    CHECK(count(log, "\"message\":\"finished\"") == started);
    CHECK(log.find("\"message\":\"stopped\",\"exit_code\":1") != std::string::npos);
}

TEST_CASE(
    "shortage: whatever allocation of the control loop fails, it is no crash, and the log is kept"
)
{
    int beyond = 0; // runs in which there were fewer allocations
    for (int nth = 1; beyond < 3; ++nth) {
        CAPTURE(nth);
        test::child service{
            {"--set", "service.workers=2", "--set", "allocation=" + std::to_string(nth)},
            {"XDG_RUNTIME_DIR=/nonexistent"}
        };
        REQUIRE(service.says("\"started\""));
        service.signal(SIGTERM);
        if (!service.ends_within(std::chrono::seconds(2))) // the loop itself was hit
            service.signal(SIGTERM);
        const int code = service.wait();
        CAPTURE(code);
        CAPTURE(service.text());
        if (code == 128 + SIGTERM)
            continue;
        // Once app::run has returned, a signal does what it does to any program.
        const bool late = code == -SIGTERM;
        CHECK((code == 0 || code == 1 || late));
        const std::string ended = "\"stopped\",\"exit_code\":";
        const bool told = service.says(late ? ended : ended + std::to_string(code)) ||
                          (!late && service.says("the control loop has failed"));
        CHECK((told || service.text().find("it was a line's") != std::string::npos));
        if (service.text().find("it did not come") != std::string::npos)
            ++beyond;
        REQUIRE(nth < 2000);
    }
}
