// SPDX-License-Identifier: BSL-1.0
//
// Structs with a base, and lists that may be written as one value.
#include <rill/conf/load.hpp>
#include <rill/conf/print.hpp>
#include <rill/schema.hpp>

#include <doctest/doctest.h>

#include <string>
#include <vector>

namespace shapes {

struct place {
    std::vector<std::string> at{"here"};
    int count = 1;
};
BOOST_DESCRIBE_STRUCT(place, (), (at, count))

struct shop : place {
    std::string name = "corner";
};
BOOST_DESCRIBE_STRUCT(shop, (place), (name))

void describe(rill::schema<shop>& s)
{
    s.key(&place::at, "Where it is.").or_one().must("have letters", [](const std::string& text) {
        return !text.empty();
    });
    s.key(&place::count, "How many.").at_least(1);
    s.key(&shop::name, "What it is called.");
    s.rule(&place::at, "be somewhere", [](const shop& which) { return !which.at.empty(); });
}

} // namespace shapes

namespace {

using rill::conf::sources;
using words = std::vector<std::string>;

rill::conf::loaded<shapes::shop> load(const std::string& toml)
{
    return rill::conf::load<shapes::shop>(sources{}.text(toml, "f"));
}

std::string problem(const std::string& toml)
{
    const auto loaded = load(toml);
    return loaded ? "none" : loaded.problems().front().text();
}

} // namespace

TEST_CASE("load: a list of one may be written as that one, where its key says so")
{
    CHECK(load("at = \"there\"")->at == words{"there"});
    CHECK(load("at = [\"there\"]")->at == words{"there"});
    CHECK(load("at = [\"there\", \"everywhere\"]")->at == words{"there", "everywhere"});
    CHECK(rill::conf::load<shapes::shop>(sources{}.flag("at=a,b"))->at == words{"a", "b"});
    CHECK(problem("at = \"\"") == "f:1:6: error: at must have letters; found \"\"");
    CHECK(problem("at = 5").starts_with("f:1:6: error: at must be a text; found 5"));
    CHECK(problem("at = []").find("at must be somewhere") != std::string::npos);
}

TEST_CASE("reference: a list of one is written without brackets, where its key says so")
{
    shapes::shop many;
    many.at = {"a", "b"};
    const auto& table = rill::described::table_of<shapes::shop>();
    const shapes::shop one;
    CHECK(rill::conf::reference(table, &one).find("\nat = \"here\"\n") != std::string::npos);
    CHECK(rill::conf::reference(table, &many).find("\nat = [\"a\", \"b\"]\n") != std::string::npos);
}

TEST_CASE("schema: members of a base are the struct's own, in front of the others")
{
    const auto loaded = load("count = 3\nname = \"mill\"");
    CHECK(loaded->count == 3);
    CHECK(loaded->name == "mill");
    CHECK(problem("count = 0").find("count must be an integer from 1 to") != std::string::npos);
    const shapes::shop defaults;
    const auto text = rill::conf::reference(rill::described::table_of<shapes::shop>(), &defaults);
    CHECK(text.find("at = ") < text.find("count = "));
    CHECK(text.find("count = ") < text.find("name = "));
}
