// SPDX-License-Identifier: BSL-1.0
#include <rill/detail/described/constraints.hpp>
#include <rill/schema.hpp>

#include <doctest/doctest.h>

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

namespace {

using namespace std::chrono_literals;
namespace described = rill::described;

enum class colour { red, green };
BOOST_DESCRIBE_ENUM(colour, red, green)

struct order {
    std::string title;
    std::uint8_t copies = 1;
    std::vector<int> pages;
    std::chrono::seconds patience{60};
    rill::bytes size;
    ::colour colour = colour::red;
};
BOOST_DESCRIBE_STRUCT(order, (), (title, copies, pages, patience, size, colour))

void describe(rill::schema<order>& s)
{
    s.key(&order::title, "Its title.").must("not be empty", [](const std::string& text) {
        return !text.empty();
    });
    s.key(&order::copies, "How many.").range(1, 99);
    s.key(&order::pages, "Which ones.").at_least(1);
    s.key(&order::patience, "How long it may take.").at_most(1h);
}

const described::field& field(const std::string& name)
{
    for (const auto& field : described::table_of<order>().fields)
        if (field.name == name)
            return field;
    FAIL(name);
    return described::table_of<order>().fields.front();
}

std::string broken_by(const std::string& name, const described::scalar& value)
{
    return described::violated_rule(field(name), value);
}

} // namespace

TEST_CASE("schema: what a member has to be is said without any file")
{
    CHECK(described::expected(field("title")) == "a text");
    CHECK(described::expected(field("copies")) == "an integer from 1 to 99");
    CHECK(
        described::expected(field("pages")) == "a list, each item an integer from 1 to 2147483647"
    );
    CHECK(described::expected(field("patience")) == "a duration of at most 1h");
    CHECK(described::expected(field("size")) == "a size");
    CHECK(described::expected(field("colour")) == R"("red" or "green")");
}

TEST_CASE("schema: a value of the right type breaks a rule or none")
{
    using described::scalar;
    CHECK(broken_by("copies", scalar{std::int64_t{99}}) == "");
    CHECK(broken_by("copies", scalar{std::int64_t{100}}) == "be an integer from 1 to 99");
    CHECK(broken_by("title", scalar{std::string_view{"a"}}) == "");
    CHECK(broken_by("title", scalar{std::string_view{}}) == "not be empty");
    CHECK(broken_by("patience", scalar{std::int64_t{1'500'000'000}}) == "be in whole steps of 1s");
}
