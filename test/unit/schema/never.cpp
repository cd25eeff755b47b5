// SPDX-License-Identifier: BSL-1.0
#include <rill/detail/described/constraints.hpp>
#include <rill/schema.hpp>

#include <doctest/doctest.h>

#include <chrono>
#include <cstdint>

namespace {

using namespace std::chrono_literals;
namespace described = rill::described;

using small = std::chrono::duration<std::int16_t, std::ratio<60>>;

struct limits {
    std::chrono::nanoseconds exact = 1s;
    std::chrono::milliseconds usual = 1s;
    small minutes{1};
    std::chrono::milliseconds always = 1s;
};
BOOST_DESCRIBE_STRUCT(limits, (), (exact, usual, minutes, always))

void describe(rill::schema<limits>& s)
{
    s.key(&limits::exact, "").range(1ms, 1h).or_never();
    s.key(&limits::usual, "").range(1ms, 1h).or_never();
    s.key(&limits::minutes, "").or_never();
    s.key(&limits::always, "").at_least(1ms);
}

const std::vector<described::field>& fields()
{
    return described::table_of<limits>().fields;
}

/// What is read back after it has been set.
std::int64_t again(const described::field& field, limits& in, std::int64_t value)
{
    field.type->set(field.in(&in), {described::scalar{value}});
    described::scalars out;
    field.type->get(field.in(&in), out);
    return out.front().integer;
}

} // namespace

TEST_CASE("never: every type of duration can hold it, and it converts to nanoseconds")
{
    limits l;
    for (const auto& field : fields())
        CHECK(again(field, l, described::never) == described::never);
    CHECK(l.exact == std::chrono::nanoseconds::max());
    CHECK(std::chrono::nanoseconds(l.usual) > 24h * 365 * 292);
    CHECK(l.minutes == small::max());
}

TEST_CASE("never: what is as long counts as never, what is a little shorter does not")
{
    limits l;
    l.usual = std::chrono::milliseconds::max();
    described::scalars out;
    fields()[1].type->get(&l.usual, out);
    CHECK(out.front().integer == described::never);
    CHECK(described::plain(described::kind::duration, out.front()) == "never");
    CHECK(again(fields()[1], l, 9'223'372'036'853'000'000) == 9'223'372'036'853'000'000);
}

TEST_CASE("never: it is said where it may be, and refused elsewhere")
{
    const described::scalar never{described::never};
    CHECK(described::expected(fields()[1]) == R"(a duration from 1ms to 1h or "never")");
    CHECK(described::violated_rule(fields()[1], never) == "");
    CHECK(described::expected(fields()[3]) == "a duration of at least 1ms");
    CHECK(
        described::violated_rule(fields()[3], never) ==
        R"(be a duration of at least 1ms, such as "60s")"
    );
}
