// SPDX-License-Identifier: BSL-1.0
//
// The live screen on a terminal of its own.
#include "fake_service.hpp"
#include "program.hpp"

#include <doctest/doctest.h>

#include <optional>
#include <regex>
#include <string>

using test::fake_service;
using test::program;
using test::session;

namespace {

constexpr const char* leaves_screen = "\x1b[?1049l"; // what xterm is told at the end

std::vector<std::string> on_xterm(const session& here)
{
    return {here.variable(), "TERM=xterm"};
}

/// Whether a sequence of the terminal's sets one. Those that move the cursor have such numbers too.
bool chooses_colours(const std::string& output)
{
    static const std::regex sequence("\x1b\\[(\\d+;)*[34]\\d(;\\d+)*m");
    return std::regex_search(output, sequence);
}

} // namespace

TEST_CASE("live: the screen shows service, loops and tasks, and q ends it with 0")
{
    const session here;
    const fake_service service(here.socket("7"), test::sample("7"));
    program top({"--interval", "50ms"}, on_xterm(here), program::output::terminal);
    CHECK(top.says("q quit"));
    CHECK(top.says("hello (pid 7)"));
    CHECK(top.says("worker-0"));
    CHECK(top.says("deadlock: ping -> pong -> ping"));
    CHECK(top.says("main"));
    CHECK(top.says("session-3"));
    CHECK(chooses_colours(top.text()));
    top.type("t");
    CHECK(top.says("├── main"));
    top.type("q");
    CHECK(top.wait() == 0);
    CHECK(top.text().find(leaves_screen) != std::string::npos);
}

TEST_CASE("live: arrows select a task, and Enter shows its details")
{
    const session here;
    const fake_service service(here.socket("7"), test::sample("7"));
    program top({"--interval", "50ms"}, on_xterm(here), program::output::terminal);
    REQUIRE(top.says("session-3"));
    top.type("\x1bOB\x1bOB\x1bOA\r"); // down, down, up, as xterm sends them
    CHECK(top.says("request_id = abc"));
    CHECK(top.says("orders::take"));
    top.type("\x1b"); // Esc alone
    CHECK(top.says("pause"));
    top.type("q");
    CHECK(top.wait() == 0);
}

TEST_CASE("live: a service that goes away is said to, and is found again when it is back")
{
    const session here;
    std::optional<fake_service> service(std::in_place, here.socket("7"), test::sample("7"));
    program top({"--interval", "20ms"}, on_xterm(here), program::output::terminal);
    REQUIRE(top.says("session-3"));
    service.reset();
    CHECK(top.says("no answer, trying again"));
    auto answers = test::sample("8");
    answers["info"] = test::info("phoenix", "8");
    service.emplace(here.socket("8"), answers); // a new process, so a new name
    CHECK(top.says("phoenix"));
    top.type("q");
    CHECK(top.wait() == 0);
}

TEST_CASE("live: the screen follows the size of the terminal")
{
    const session here;
    const fake_service service(here.socket("7"), test::sample("7"));
    program top({"--interval", "1h"}, on_xterm(here), program::output::terminal);
    REQUIRE(top.says("STATE"));
    CHECK(top.text().find("DEADLINE") == std::string::npos);
    top.resize(30, 120);
    CHECK(top.says("DEADLINE"));
    top.resize(2, 5); // there is hardly room for anything
    top.resize(24, 80);
    CHECK(top.says("NAME"));
    top.type("q");
    CHECK(top.wait() == 0);
}

TEST_CASE("live: Ctrl-C, SIGTERM and SIGHUP end it as q does, and leave the terminal as it was")
{
    const session here;
    const fake_service service(here.socket("7"), test::sample("7"));
    for (const int number : {SIGINT, SIGTERM, SIGHUP}) {
        program top({"--interval", "1h"}, on_xterm(here), program::output::terminal);
        REQUIRE(top.says("q quit"));
        if (number == SIGINT)
            top.type("\x03");
        else
            top.signal(number);
        CHECK(top.wait() == 0);
        CHECK(top.text().find(leaves_screen) != std::string::npos);
    }
}

TEST_CASE("live: NO_COLOR is heeded")
{
    const session here;
    const fake_service service(here.socket("7"), test::sample("7"));
    auto environment = on_xterm(here);
    environment.push_back("NO_COLOR=1");
    program top({}, environment, program::output::terminal);
    REQUIRE(top.says("q quit"));
    top.type("q");
    CHECK(top.wait() == 0);
    CHECK_FALSE(chooses_colours(top.text()));
}

TEST_CASE("live: names cannot command the terminal")
{
    const session here;
    auto answers = test::sample("7");
    answers["tasks"] = test::answer(
        {"{\"task\":{\"loop\":\"a\",\"id\":1,\"state\":\"new\",\"name\":\"x\\u001b[5mevil\xff\"}}"}
    );
    const fake_service service(here.socket("7"), answers);
    program top({}, on_xterm(here), program::output::terminal);
    CHECK(top.says("x\\x1b[5mevil\\xff"));
    top.type("q");
    CHECK(top.wait() == 0);
    CHECK(top.text().find("\x1b[5m") == std::string::npos);
}

TEST_CASE("live: without a service, or on a terminal of no known type, it ends at once")
{
    const session here;
    program nobody({}, on_xterm(here), program::output::terminal);
    CHECK(nobody.wait() == 2);
    program wrong({"4711"}, on_xterm(here), program::output::terminal);
    CHECK(wrong.wait() == 1);
    CHECK(wrong.text().find("connect to unix:") != std::string::npos);

    const fake_service service(here.socket("7"), test::sample("7"));
    program unknown({}, {here.variable(), "TERM=abacus"}, program::output::terminal);
    CHECK(unknown.wait() == 1);
    CHECK(unknown.text().find("TERM is 'abacus'") != std::string::npos);
}
