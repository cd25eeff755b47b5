// SPDX-License-Identifier: BSL-1.0
#include <rill/detail/described/table.hpp>

#include <cassert>

namespace rill::described {

scalar::scalar() = default;
scalar::scalar(std::int64_t value)
    : integer{value}
{}
scalar::scalar(double value)
    : real{value}
{}
scalar::scalar(std::string_view value)
    : text{value}
{}
scalar::scalar(const scalar&) = default;
scalar::scalar(scalar&&) noexcept = default;
scalar& scalar::operator=(const scalar&) = default;
scalar& scalar::operator=(scalar&&) noexcept = default;
scalar::~scalar() = default;

void add(scalars& to, std::int64_t integer)
{
    to.emplace_back(integer);
}

void add(scalars& to, double real)
{
    to.emplace_back(real);
}

void add(scalars& to, std::string_view text)
{
    to.emplace_back(text);
}

field::field() = default;
field::field(const field&) = default;
field::field(field&&) noexcept = default;
field::~field() = default;

void field::set_help(std::string_view text)
{
    help = text;
}

void field::set_unit(std::string_view text)
{
    unit = text;
}

void field::set_example(std::string_view text)
{
    example = text;
}

void field::set_choices(std::initializer_list<std::string_view> words)
{
    choices.assign(words.begin(), words.end());
}

void field::set_lowest(const scalar& bound)
{
    lowest = bound;
}

void field::set_highest(const scalar& bound)
{
    highest = bound;
}

void field::set_check(std::string_view text, condition::function test, condition::caller call)
{
    check = condition{std::string{text}, test, call};
}

table::table() = default;
table::table(table&&) noexcept = default;
table::~table() = default;

void table::set_about(std::string_view text)
{
    about = text;
}

void table::add_value(const char* name, std::size_t offset, const described::type& type)
{
    field& added = fields.emplace_back();
    added.name = name;
    added.offset = offset;
    added.type = &type;
}

void table::add_section(const char* name, std::size_t offset, const table& nested)
{
    field& added = fields.emplace_back();
    added.name = name;
    added.offset = offset;
    added.nested = &nested;
}

void table::add_rule(
    std::size_t offset,
    std::string_view text,
    condition::function test,
    condition::caller call,
    std::initializer_list<std::size_t> others
)
{
    rules.push_back({offset, {std::string{text}, test, call}, others});
}

field& table::at(std::size_t offset)
{
    for (field& each : fields)
        if (each.offset == offset)
            return each;
    assert(false && "the member is listed in BOOST_DESCRIBE_STRUCT");
    static field nowhere; // what is said of an unlisted member has no effect
    return nowhere;
}

} // namespace rill::described
