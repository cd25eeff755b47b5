// SPDX-License-Identifier: BSL-1.0
#include <rill/exception_group.hpp>

#include <doctest/doctest.h>

#include <stdexcept>
#include <string>
#include <type_traits>
#include <vector>

namespace {

using rill::exception_group;

struct plain {
    int number;
};

std::exception_ptr logic(const char* text)
{
    return std::make_exception_ptr(std::logic_error(text));
}

std::exception_ptr range(const char* text)
{
    return std::make_exception_ptr(std::range_error(text));
}

std::exception_ptr nested(const char* message, std::vector<std::exception_ptr> exceptions)
{
    return std::make_exception_ptr(exception_group(message, std::move(exceptions)));
}

/// Two levels, both types on each.
exception_group mixed()
{
    return exception_group(
        "outer", {range("a"), nested("inner", {logic("b"), range("c")}), logic("d")}
    );
}

std::string text_of(const std::optional<exception_group>& group)
{
    return group ? group->what() : "nothing";
}

TEST_CASE("EG-01: a group has a message and exceptions, and is thrown and caught as one")
{
    const auto first = range("a");
    const exception_group group("shutdown", {first, logic("b")});
    CHECK(group.message() == "shutdown");
    CHECK(group.exceptions().size() == 2);
    CHECK(group.exceptions().front() == first);
    CHECK_THROWS_AS(throw group, std::runtime_error);
}

TEST_CASE("EG-01: without an exception it is refused, and so is one that is null")
{
    CHECK_THROWS_AS(exception_group({}), std::invalid_argument);
    CHECK_THROWS_AS(exception_group("x", {}), std::invalid_argument);
    CHECK_THROWS_AS(exception_group("x", {logic("a"), nullptr}), std::invalid_argument);
}

TEST_CASE("EG-01: copies are equal, cannot fail, and moving leaves a whole group behind")
{
    static_assert(std::is_nothrow_copy_constructible_v<exception_group>);
    static_assert(std::is_nothrow_copy_assignable_v<exception_group>);
    exception_group group = mixed();
    const exception_group copy = group;
    const exception_group moved = std::move(group);
    CHECK(copy.exceptions() == moved.exceptions());
    CHECK(group.message() == "outer");
    group = exception_group({logic("x")});
    CHECK(std::string(group.what()) == "1 error: x");
    CHECK(copy.message() == "outer");
}

TEST_CASE("EG-01, EG-04: nested groups are kept, and what() shows them with their messages")
{
    const auto inner = nested("inner", {logic("b")});
    const exception_group group("outer", {range("a"), inner});
    CHECK(group.exceptions().back() == inner);
    CHECK(std::string(group.what()) == "outer: 2 errors: a; [inner: 1 error: b]");
}

TEST_CASE("EG-04: what() without a message, and of exceptions that have no text")
{
    CHECK(std::string(exception_group({logic("a")}).what()) == "1 error: a");
    const exception_group group({std::make_exception_ptr(plain{1}), logic("a")});
    CHECK(std::string(group.what()) == "2 errors: an exception that is no std::exception; a");
}

TEST_CASE("EG-04: texts are built when asked for: deep nesting costs a level its own part only")
{
    std::exception_ptr error = std::make_exception_ptr(std::runtime_error("bottom"));
    const int levels = 2000;
    for (int i = 0; i < levels; ++i)
        error = std::make_exception_ptr(exception_group({error}));
    try {
        std::rethrow_exception(error);
    } catch (const exception_group& group) {
        const std::string text = group.what();
        CHECK(text.find("1 error: [1 error: [") == 0);
        CHECK(text.size() == 11u * levels - 2 + 6);
        CHECK(group.what() == text);
    }
}

TEST_CASE("EG-02: split takes the leaves of a type; both parts keep messages and nesting")
{
    const auto [matching, others] = mixed().split<std::logic_error>();
    CHECK(text_of(matching) == "outer: 2 errors: [inner: 1 error: b]; d");
    CHECK(text_of(others) == "outer: 2 errors: a; [inner: 1 error: c]");
}

TEST_CASE("EG-02: split where all match, or none does")
{
    const exception_group group = mixed();
    const auto [all, no_others] = group.split<std::exception>();
    CHECK(text_of(all) == group.what());
    CHECK(text_of(no_others) == "nothing");
    const auto [none, all_others] = group.split<plain>();
    CHECK(text_of(none) == "nothing");
    CHECK(text_of(all_others) == group.what());
}

TEST_CASE("EG-02: leaves and undivided groups stay the objects that they are")
{
    const auto leaf = range("a");
    const auto inner = nested("inner", {logic("b"), logic("c")});
    const exception_group group({leaf, inner});
    const auto [matching, others] = group.split<std::logic_error>();
    CHECK(matching->exceptions() == std::vector{inner});
    CHECK(others->exceptions() == std::vector{leaf});
}

TEST_CASE("EG-02: a base of groups matches leaves, not the nested groups themselves")
{
    const auto [matching, others] = mixed().split<std::runtime_error>();
    CHECK(text_of(matching) == "outer: 2 errors: a; [inner: 1 error: c]");
    CHECK(text_of(others) == "outer: 2 errors: [inner: 1 error: b]; d");
}

TEST_CASE("EG-02: handle calls for each matching leaf in order, and gives the rest")
{
    std::string seen;
    const auto rest = mixed().handle<std::logic_error>([&](const auto& e) { seen += e.what(); });
    CHECK(seen == "bd");
    CHECK(text_of(rest) == "outer: 2 errors: a; [inner: 1 error: c]");
    const auto left = rest->handle<std::range_error>([&](const auto& e) { seen += e.what(); });
    CHECK(seen == "bdac");
    CHECK_FALSE(left);
}

TEST_CASE("EG-02: handle takes exceptions of any type, and calls nothing if there are none")
{
    int sum = 0;
    const auto add = [&](const plain& e) { sum += e.number; };
    CHECK(text_of(mixed().handle<plain>(add)) == mixed().what());
    CHECK(sum == 0);
    const exception_group group(
        {std::make_exception_ptr(plain{40}),
         logic("a"),
         nested("", {std::make_exception_ptr(plain{2})})}
    );
    CHECK(text_of(group.handle<plain>(add)) == "1 error: a");
    CHECK(sum == 42);
}

TEST_CASE("EG-02: what a handler throws leaves at once, be it of the type that it handles")
{
    int calls = 0;
    CHECK_THROWS_WITH_AS(
        mixed().handle<std::logic_error>([&](const std::logic_error&) {
            ++calls;
            throw std::logic_error("from the handler");
        }),
        "from the handler",
        std::logic_error
    );
    CHECK(calls == 1);
}

TEST_CASE("EG-02: leaves are all errors in the order in which what() lists them")
{
    const exception_group flat(mixed().leaves());
    CHECK(std::string(flat.what()) == "4 errors: a; b; c; d");
}

TEST_CASE("exception_group: groups in each other, however many, need no deep stack")
{
    std::exception_ptr all = logic("innermost");
    for (int i = 0; i < 30'000; ++i)
        all = std::make_exception_ptr(exception_group({all}));
    try {
        std::rethrow_exception(all);
    } catch (const exception_group& group) {
        CHECK(group.leaves().size() == 1);
        CHECK(group.split<std::logic_error>().first.has_value());
    }
    all = nullptr;
}

} // namespace
