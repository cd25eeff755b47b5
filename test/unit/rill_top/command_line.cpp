// SPDX-License-Identifier: BSL-1.0
#include "command_line.hpp"

#include <doctest/doctest.h>

#include <vector>

using namespace std::chrono_literals;
using top::command;

namespace {

top::command_line parse(std::vector<const char*> words, bool on_terminal = true)
{
    words.insert(words.begin(), "rill-top");
    return top::parse_command_line(static_cast<int>(words.size()), words.data(), on_terminal);
}

std::string refused(const std::vector<const char*>& words)
{
    const auto parsed = parse(words);
    CHECK(parsed.exit_code == top::exit_usage);
    return parsed.text;
}

} // namespace

TEST_CASE("command line: without a command it is live on a terminal, and once elsewhere")
{
    CHECK(parse({}).command == command::live);
    CHECK(parse({}, false).command == command::once);
    CHECK(parse({"--once"}).command == command::once);
    CHECK(parse({"123"}).command == command::live);
    CHECK(parse({"123"}).target == "123");
    CHECK(parse({"./tree"}).target == "./tree");
}

TEST_CASE("command line: commands, targets and options in any order")
{
    CHECK(parse({"tree"}).command == command::tree);
    CHECK(parse({"ps", "7"}).command == command::ps);
    CHECK(parse({"ps", "7"}).target == "7");
    CHECK(parse({"--json", "loops"}).command == command::loops);
    CHECK(parse({"list", "--json"}).json);
    const auto all = parse({"--interval", "250ms", "/run/x.sock", "--timeout=2min"});
    CHECK(all.interval == 250ms);
    CHECK(all.timeout == 2min);
    CHECK(all.target == "/run/x.sock");
    CHECK_FALSE(all.exit_code.has_value());
}

TEST_CASE("command line: what is wrong is said, and ends with 2")
{
    CHECK(refused({"tre", "7"}).find("there is no command 'tre'") != std::string::npos);
    CHECK(refused({"tree", "7", "8"}).find("8") != std::string::npos);
    CHECK(refused({"--jsn", "tree"}).find("--jsn") != std::string::npos);
    CHECK(refused({"--json"}).find("--json goes with") != std::string::npos);
    CHECK(refused({"ps", "--once"}).find("--once is for") != std::string::npos);
    CHECK(refused({"list", "7"}).find("list takes no target") != std::string::npos);
    CHECK(refused({"--interval", "5"}).find("'5' is no duration") != std::string::npos);
}

TEST_CASE("command line: help and version end with 0")
{
    CHECK(parse({"--help"}).exit_code == top::exit_ok);
    CHECK(parse({"--help"}).text.find("NO_COLOR") != std::string::npos);
    CHECK(parse({"--version"}).exit_code == top::exit_ok);
    CHECK(parse({"--version"}).text.starts_with("rill-top "));
}

TEST_CASE("command line: durations have a unit, and are more than nothing and at most an hour")
{
    CHECK(top::parse_duration("500ms") == 500ms);
    CHECK(top::parse_duration("1.5 s") == 1500ms);
    CHECK(top::parse_duration("2min") == 2min);
    CHECK(top::parse_duration("1h") == 1h);
    for (const char* wrong : {"", "s", "5", "0s", "-1s", "2h", "1 d", "nan s", "inf s", "1s s"})
        CHECK_FALSE(top::parse_duration(wrong).has_value());
}
