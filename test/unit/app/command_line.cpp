// SPDX-License-Identifier: BSL-1.0
#include "command_line.hpp"

#include <doctest/doctest.h>

#include <initializer_list>
#include <string>
#include <vector>

namespace {

using rill::app::detail::action;

rill::app::detail::command_line parse(std::initializer_list<const char*> arguments)
{
    std::vector<const char*> argv{"/usr/bin/echo"};
    argv.insert(argv.end(), arguments);
    return rill::app::detail::parse_command_line(
        static_cast<int>(argv.size()), argv.data(), "Echo service."
    );
}

} // namespace

TEST_CASE("command line: without arguments the service runs on its defaults")
{
    const auto line = parse({});
    CHECK_FALSE(line.exit_code);
    CHECK(line.action == action::serve);
    CHECK(line.file == "");
    CHECK(line.assignments.empty());
}

TEST_CASE("command line: --config and --set are passed on as they stand")
{
    const auto line = parse(
        {"--config", "a.toml", "--set", "a=1", "--set", "b=[1, 2]", "--set=c=x=y", "--set", "d="}
    );
    REQUIRE_FALSE(line.exit_code);
    CHECK(line.file == "a.toml");
    CHECK(line.assignments == std::vector<std::string>{"a=1", "b=[1, 2]", "c=x=y", "d="});
}

TEST_CASE("command line: what to do instead of serving")
{
    CHECK(parse({"--check-config"}).action == action::check_config);
    CHECK(parse({"--print-config"}).action == action::print_config);
    CHECK(parse({"--print-reference"}).action == action::print_reference);
}

TEST_CASE("command line: --help and --version print and end with 0")
{
    CHECK(parse({"--help"}).exit_code == 0);
    CHECK(parse({"--help"}).text.starts_with("Echo service.\n"));
    CHECK(parse({"--version"}).exit_code == 0);
    CHECK(parse({"--version"}).text.starts_with("echo (rill "));
}

TEST_CASE("command line: what is unknown ends with 2 and a suggestion")
{
    const auto line = parse({"--confg", "a.toml"});
    CHECK(line.exit_code == 2);
    CHECK(
        line.text ==
        "echo: unknown option '--confg'; did you mean '--config'?\nTry 'echo --help'.\n"
    );
    CHECK(parse({"--check-confg=1"}).text.find("'--check-config'") != std::string::npos);
    CHECK(parse({"--nothing-like-it"}).text.find("did you mean") == std::string::npos);
    CHECK(parse({"file.toml"}).text.starts_with("echo: unexpected argument 'file.toml'\n"));
    for (const auto& empty : {parse({"--config"}), parse({"--config", ""}), parse({"--config="})}) {
        CHECK(empty.exit_code == 2);
        CHECK(empty.text.starts_with("echo: --config needs a value\n"));
    }
    CHECK(parse({"--set"}).exit_code == 2);
    CHECK(parse({"--set"}).text.starts_with("echo: --set needs a value\n"));
}
