// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// What a description says, for the layers that read and write by it; nothing that users call.
namespace rill::described {

/// How a value is spelled in a conf file.
enum class kind {
    boolean,
    integer,
    real,
    text,
    duration, // "1m30s"; held in nanoseconds, and `never` as such
    size,     // "64KiB"; held in bytes
    choice,   // one of a few words
};

/// The duration that does not end.
inline constexpr std::int64_t never = std::numeric_limits<std::int64_t>::max();

/// One value, whatever its C++ type; its kind says which member counts.
struct scalar {
    std::int64_t integer = 0; // boolean, integer, duration (ns), size (bytes)
    double real = 0;
    std::string text; // text, choice

    scalar();
    explicit scalar(std::int64_t integer);
    explicit scalar(double real);
    explicit scalar(std::string_view text);
    scalar(const scalar&);
    scalar(scalar&&) noexcept;
    scalar& operator=(const scalar&);
    scalar& operator=(scalar&&) noexcept;
    ~scalar();
};

using scalars = std::vector<scalar>;

void add(scalars& to, std::int64_t integer);
void add(scalars& to, double real);
void add(scalars& to, std::string_view text);

/// What one C++ type looks like from here. A plain type has exactly one scalar, an optional
/// none or one, a list any number.
struct type {
    described::kind kind = kind::text;
    bool optional = false;
    bool list = false;
    std::int64_t lowest = std::numeric_limits<std::int64_t>::min(); // what the type can hold
    std::int64_t highest = std::numeric_limits<std::int64_t>::max();
    std::int64_t tick = 1;              // ns a duration's unit lasts
    const char* const* names = nullptr; // of an enumeration
    std::size_t name_count = 0;
    void (*get)(const void* member, scalars& to) = nullptr;
    void (*set)(void* member, const scalars& from) = nullptr;
};

/// A condition on a value; `test` is called through `call`, which knows the real types.
struct condition {
    using function = void (*)();
    using caller = bool (*)(function test, const void* subject);

    std::string text; // continues "<key> must "
    function test = nullptr;
    caller call = nullptr;

    bool holds_for(const void* subject) const { return call(test, subject); }
};

struct table;

/// One key of a table: a value, or a table of its own if `nested` is set.
struct field {
    std::string name;
    std::size_t offset = 0; // of the member in its struct
    const described::type* type = nullptr;
    const table* nested = nullptr;

    std::string help;
    std::string unit;
    std::string example; // as it would stand in a file, without quotes
    std::vector<std::string> choices;
    std::optional<scalar> lowest;
    std::optional<scalar> highest;
    std::optional<condition> check; // on one element
    bool or_never = false;          // a duration may be "never", whatever its range
    bool secret = false;
    bool reloadable = false;
    bool or_one = false; // a list of one may be written as that one

    field();
    field(const field&);
    field(field&&) noexcept;
    ~field();

    void set_help(std::string_view text);
    void set_unit(std::string_view text);
    void set_example(std::string_view text);
    void set_choices(std::initializer_list<std::string_view> words);
    void set_lowest(const scalar& bound);
    void set_highest(const scalar& bound);
    void set_check(std::string_view text, condition::function test, condition::caller call);

    const void* in(const void* object) const { return static_cast<const char*>(object) + offset; }

    void* in(void* object) const { return static_cast<char*>(object) + offset; }
};

/// A condition between keys of a struct, reported at the one that it names.
struct rule {
    std::size_t offset = 0;
    condition holds;
    std::vector<std::size_t> others; // offsets of what that key is compared with
};

/// A described struct: everything conf knows of it. What changes it is not inline, so that a
/// service's source file compiles no strings and vectors for its settings.
struct table {
    std::string about;
    std::vector<field> fields;
    std::vector<rule> rules;

    table();
    table(table&&) noexcept;
    ~table();

    void set_about(std::string_view text);
    void add_value(const char* name, std::size_t offset, const described::type& type);
    void add_section(const char* name, std::size_t offset, const table& nested);
    void add_rule(
        std::size_t offset,
        std::string_view text,
        condition::function test,
        condition::caller call,
        std::initializer_list<std::size_t> others
    );
    field& at(std::size_t offset); ///< The member is listed in BOOST_DESCRIBE_STRUCT.
};

} // namespace rill::described
