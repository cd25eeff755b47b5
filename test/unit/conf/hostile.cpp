// SPDX-License-Identifier: BSL-1.0
#include "sample.hpp"
#include <support/sanitized.hpp>

#include <rill/conf/load.hpp>
#include <rill/conf/print.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <random>
#include <string>

namespace {

rill::conf::loaded<sample::config> load(const std::string& toml)
{
    return rill::conf::load<sample::config>(rill::conf::sources{}.text(toml, "f"));
}

std::string repeated(const std::string& text, std::size_t bytes)
{
    std::string out;
    out.reserve(bytes + text.size());
    while (out.size() + text.size() <= bytes)
        out += text;
    return out;
}

constexpr std::size_t most = 1U << 20; // what a file may have

} // namespace

TEST_CASE("hostile conf: files of the largest size are refused in bounded time and depth")
{
    for (const std::string& piece :
         {std::string{"["},
          std::string{"a."},
          std::string{"{a="},
          std::string{"x=["},
          std::string{"[[a]]\n"},
          std::string{"a\n"},
          std::string{"a=\n"},
          std::string{"\"\"\""},
          std::string{"\""},
          std::string{"'"},
          std::string{"[a\n"},
          std::string{"x=1\n"},
          std::string{"\x80"},
          std::string{"\0", 1},
          std::string{"x={\n"},
          std::string{"\\"},
          std::string{"[a]\n"},
          std::string{".=\n"}}) {
        CAPTURE(piece);
        const auto settings = load(repeated(piece, most));
        CHECK_FALSE(settings);
        CHECK(settings.problems().size() <= 101);
    }
}

TEST_CASE("hostile conf: nesting is bounded whatever its form")
{
    for (const auto& toml :
         {repeated("a.", 4000) + "a = 1",
          "[" + repeated("a.", 4000) + "a]",
          "x = " + repeated("[", 4000),
          "x = " + repeated("{ a = ", 4000),
          "x = { " + repeated("a.", 4000) + "a = 1 }",
          repeated("\"a\" . ", 4000) + "a = 1"}) {
        const auto settings = load(toml);
        REQUIRE(settings.problems().size() == 1);
        CHECK(
            settings.problems().front().message ==
            "sections and brackets are nested too deep; 32 levels are allowed"
        );
    }
}

TEST_CASE("hostile conf: the number of problems is bounded and the rest is counted")
{
    std::string toml;
    for (int i = 0; i < 1000; ++i)
        toml += "key" + std::to_string(i) + " = 1\n";
    const auto settings = load(toml);
    REQUIRE(settings.problems().size() == 101);
    CHECK(settings.problems().back().message == "and 900 more that are not shown");
}

TEST_CASE("hostile conf: control characters of a file never reach a message")
{
    for (const char* toml :
         {"\"a\\u001b[31m\" = 1",
          "workers = \"\\u001b[31m\\r\\n\"",
          "[\"a\\nb\"]\nx = 1",
          "log.level = \"\\u0000\"",
          "wor\x1b[31mkers = 1",
          "[lo\x1b[31mg]",
          "wor\x07kers"}) {
        const auto settings = load(toml);
        REQUIRE_FALSE(settings);
        for (const auto& problem : settings.problems())
            for (const char c : problem.text())
                CHECK((static_cast<unsigned char>(c) >= 0x20 && c != 0x7f));
    }
}

TEST_CASE("hostile conf: a byte of value 0, as UTF-16 has them, is told with its line")
{
    using namespace std::string_literals;
    for (const auto& toml :
         {"workers = 1\n[lo\0g]\n"s, "\nwor\0kers = 1"s, "\n\0"s, "\n# \0"s, "#\n\xff\xfe[\0l\0"s
         }) {
        const auto settings = load(toml);
        REQUIRE(settings.problems().size() == 1);
        CHECK(
            settings.problems().front().text() ==
            "f:2:1: error: this line has a byte of value 0; a conf file is text in UTF-8"
        );
    }
}

TEST_CASE("hostile conf: characters beyond ASCII may stand anywhere without harm to the parser")
{
    for (const char* toml :
         {"é = 1",
          "workers = é",
          "workers = 1 é",
          "[é]",
          "[log] é",
          "x =6\"é\" # é",
          "log.level = \"\\é\"",
          "\u3000workers = 1",
          "workers = 1 \u2028",
          "log.level = \"\"\"\\\n é\"\"\"",
          "workers = \U00100041",
          "workers = \"\xff\"",
          "\xed\xa0\x80 = 1"}) {
        CAPTURE(toml);
        CHECK_FALSE(load(toml));
    }
    CHECK(
        load("# é \u3000\nserver.allowed_hosts = [\"é\", '\u3000', \"\U0001F600\"] # é")
            ->server.allowed_hosts == std::vector<std::string>{"é", "\u3000", "\U0001F600"}
    );
}

TEST_CASE("hostile conf: random damage to a valid file never throws and never loses its place")
{
    const std::string valid = rill::conf::reference<sample::config>();
    std::mt19937 random{1};
    const std::string alphabet = "[]{}=\"'#.,\n\r\t \\x0a1-_\x01\xc3\xa9";
    for (int round = 0; round < (test::sanitized ? 600 : 3000); ++round) {
        std::string toml = valid;
        for (int edits = static_cast<int>(random() % 4); edits >= 0; --edits) {
            const auto at = random() % toml.size();
            if (random() % 2 == 0)
                toml[at] = alphabet[random() % alphabet.size()];
            else
                toml.erase(at, 1 + random() % 3);
        }
        const auto lines = 2 + std::count(toml.begin(), toml.end(), '\n');
        const auto settings = load(toml);
        for (const auto& problem : settings.problems()) {
            CAPTURE(toml);
            CHECK(problem.where.line >= 1);
            CHECK(problem.where.line <= lines);
        }
    }
}
