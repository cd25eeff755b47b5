// SPDX-License-Identifier: BSL-1.0
//
// framework/process/README.md says what its code does; here it does it.
#include <support/live.hpp>

#include <rill/run.hpp>

#include <doctest/doctest.h>
#include <process_guide.hpp>

#include <fstream>

TEST_CASE("process guide: a program runs, and gives what it prints")
{
    const test::scratch files;
    std::ofstream(files.file("text")) << "a\nb\nc\n";
    CHECK(rill::run(first_lines_of(files.file("text"))) == "a\nb\n");
}

TEST_CASE("process guide: what fails says why")
{
    CHECK(rill::run(why_not(command("true"))) == "it went well");
    CHECK(
        rill::run(why_not(command("git", "log").cwd("/none"))) ==
        "cannot start 'git log': its directory '/none': No such file or directory"
    );
    CHECK(
        rill::run(why_not(rill::shell_command("echo 'no repository' >&2; exit 128"))) ==
        "'echo 'no repository' >&2; exit 128' ended with status 128: no repository"
    );
    const auto slow = rill::shell_command("echo begun; exec sleep 1000").timeout(100ms);
    CHECK(rill::run(why_not(slow)) == "too slow, after begun\n");
}

TEST_CASE("process guide: how it runs can be chosen")
{
    CHECK(rill::run(rill::run_process(careful("/usr"))).stdout_ == "hello\n/usr\n");
}

TEST_CASE("process guide: input is given, and output taken as it comes")
{
    CHECK(rill::run(sorted("b\na\n")) == "a\nb\n");
    CHECK(rill::run(count_lines(command("seq", "1000"))) == 1000);
    CHECK(rill::run(through_cat(100)) == 100 * 64 * 1024);
}

TEST_CASE("process guide: programs are connected")
{
    CHECK(rill::run(count_sevens()) == "19\n");
}

TEST_CASE("process guide: one that stays is talked with")
{
    const std::vector<std::string> answers{"42\n", "1024\n"};
    CHECK(rill::run(calculate({"6*7", "2^10"})) == answers);
}
