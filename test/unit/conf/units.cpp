// SPDX-License-Identifier: BSL-1.0
#include "sample.hpp"

#include <rill/conf/load.hpp>
#include <rill/conf/print.hpp>

#include <doctest/doctest.h>

#include <string>

namespace {

using namespace std::chrono_literals;

struct measures {
    std::chrono::nanoseconds time{};
    rill::bytes size;
};
BOOST_DESCRIBE_STRUCT(measures, (), (time, size))

rill::conf::loaded<measures> with(const std::string& assignment)
{
    return rill::conf::load<measures>(rill::conf::sources{}.flag(assignment));
}

/// What a value looks like when it is printed again; empty if it was refused.
std::string again(const std::string& key, const std::string& value)
{
    const auto settings = with(key + "=" + value);
    const auto text = rill::conf::print_config(settings);
    const auto line = text.find(key + " = \"") + key.size() + 4;
    return settings ? text.substr(line, text.find('"', line) - line) : std::string{};
}

} // namespace

TEST_CASE("duration: written as in Go, with days, from large units to small")
{
    CHECK(with("time=60s")->time == 60s);
    CHECK(with("time=250ms")->time == 250ms);
    CHECK(with("time=1h30m")->time == 90min);
    CHECK(with("time=1.5s")->time == 1500ms);
    CHECK(with("time=2d")->time == 48h);
    CHECK(with("time=7us")->time == 7us);
    CHECK(with("time=1s5ns")->time == 1'000'000'005ns);
    CHECK(with("time=-3m")->time == -3min);
    CHECK(with("time=0s")->time == 0s);
}

TEST_CASE("duration: anything else is refused")
{
    for (const char* bad :
         {"",
          "s",
          "5",
          "0",
          "-",
          "-s",
          "5 s",
          "s5",
          "5x",
          "1m1h",
          "1s1s",
          "1.s",
          ".5s",
          "1..5s",
          "1.5.5s",
          "1s ",
          "--1s",
          "+1s",
          "1S",
          "1e3s",
          "0.1ns",
          "200000000h",
          "99999999999999999999s",
          "1s\n"}) {
        CAPTURE(bad);
        CHECK_FALSE(with(std::string{"time="} + bad));
    }
}

TEST_CASE("duration: printed in the largest unit that is whole, one minute as 60s")
{
    CHECK(again("time", "60s") == "60s");
    CHECK(again("time", "120s") == "2m");
    CHECK(again("time", "3600s") == "1h");
    CHECK(again("time", "48h") == "48h");
    CHECK(again("time", "90m") == "90m");
    CHECK(again("time", "1500ms") == "1500ms");
    CHECK(again("time", "0ms") == "0s");
    CHECK(again("time", "-90s") == "-90s");
    CHECK(again("time", "1us5ns") == "1005ns");
}

TEST_CASE("size: powers of 1024 with their unit")
{
    CHECK(with("size=100B")->size.count() == 100);
    CHECK(with("size=64KiB")->size == rill::kib(64));
    CHECK(with("size=1.5MiB")->size == rill::kib(1536));
    CHECK(with("size=2GiB")->size == rill::gib(2));
    CHECK(with("size=1TiB")->size == rill::gib(1024));
    CHECK(with("size=0B")->size.count() == 0);
    CHECK(again("size", "65536B") == "64KiB");
    CHECK(again("size", "65537B") == "65537B");
    CHECK(again("size", "0KiB") == "0B");
}

TEST_CASE("size: anything else is refused")
{
    for (const char* bad :
         {"",
          "5",
          "KiB",
          "64KB",
          "64kB",
          "64K",
          "64kib",
          "64 KiB",
          "-1B",
          "0.5B",
          "1.B",
          "9999999TiB",
          "1B1B"}) {
        CAPTURE(bad);
        CHECK_FALSE(with(std::string{"size="} + bad));
    }
}

namespace {

struct patience {
    std::chrono::milliseconds limit = std::chrono::milliseconds::max();
};
BOOST_DESCRIBE_STRUCT(patience, (), (limit))

void describe(rill::schema<patience>& s)
{
    s.key(&patience::limit, "How long to wait.").range(1ms, 24h).or_never();
}

rill::conf::loaded<patience> patient(const std::string& toml)
{
    return rill::conf::load<patience>(rill::conf::sources{}.text(toml, "f"));
}

} // namespace

TEST_CASE("duration: never is written as such, in a file, in a flag and in what is printed")
{
    CHECK(std::chrono::nanoseconds(patient("limit = \"never\"")->limit) > 24h * 365 * 292);
    CHECK(patient("limit = \"1h\"")->limit == 1h);
    const auto flag = rill::conf::load<patience>(rill::conf::sources{}.flag("limit=never"));
    CHECK(rill::conf::print_config(flag) == "limit = \"never\"  # command line\n");
    const auto reference = rill::conf::reference<patience>();
    CHECK(reference.ends_with(
        "# How long to wait.\n# A duration from 1ms to 24h or \"never\".\nlimit = \"never\"\n"
    ));
    CHECK(patient(reference));
}

TEST_CASE("duration: what is refused says that never is possible")
{
    const auto problem = [](const std::string& toml) {
        return patient(toml).problems().at(0).text();
    };
    CHECK(
        problem("limit = \"0s\"") ==
        "f:1:9: error: limit must be a duration from 1ms to 24h or \"never\", such as \"60s\"; "
        "found \"0s\""
    );
    CHECK(problem("limit = never").ends_with("found never; write it in quotes"));
}

TEST_CASE("duration: another word for never, or a unit of another language, gets the right one")
{
    const auto advice = [](const std::string& toml) {
        const auto text = patient("limit = " + toml).problems().at(0).text();
        return text.substr(text.rfind("; ") + 2);
    };
    for (const char* word : {"\"forever\"", "unlimited", "\"NEVER\"", "inf", "-1"})
        CHECK(advice(word) == "write \"never\"");
    CHECK(advice("10") == "write \"10s\" for seconds or \"10ms\" for milliseconds");
    CHECK(advice("\"1.5 minutes\"") == "write \"1.5m\"");
    CHECK(advice("\"90000\"") == "write \"90000ms\" for milliseconds"); // 25 hours are too many
    CHECK(advice("\"1,5s\"") == "found \"1,5s\"");
    CHECK(advice("\"25 h\"") == "found \"25 h\"");
}

TEST_CASE("size: what is too large is told as such where only a least size is given")
{
    CHECK(
        with("size=99999999999999GiB").problems().at(0).message ==
        "size must be a size, such as \"64KiB\"; found \"99999999999999GiB\", which is too large"
    );
    CHECK(
        with("time=0.5ns").problems().at(0).message ==
        "time must be a duration, such as \"60s\"; found \"0.5ns\", which is no whole number of "
        "nanoseconds"
    );
}
