// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/conf/load.hpp>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace rill::conf::detail {

enum class node_kind {
    boolean,
    integer,
    real,
    text,
    time,
    list,
    section,
    bare, // no TOML: a text without its quotes, a number with a unit; never acceptable
};

struct entry;

/// A value as TOML has it, with the place where it begins.
struct node {
    node_kind kind = node_kind::text;
    origin where;
    std::int64_t integer = 0; // also of a boolean
    double real = 0;
    std::string text;
    std::vector<node> items;    // of a list
    std::vector<entry> entries; // of a section
};

struct entry {
    std::string key;
    origin where; // of the key
    node value;
};

/// What could be made of a TOML text.
struct document {
    node root;

    /// Parts that stand apart, because a section's header is broken or repeated or a value is
    /// no TOML: the section they seem to belong to, and what it would contain.
    struct stray {
        std::string path;
        node section;
    };

    std::vector<stray> strays;
    std::vector<problem> problems; // of syntax
};

constexpr std::size_t most_syntax_errors = 20;
constexpr unsigned deepest = 32; // sections and brackets in one another

/// Parses all of it: a statement that is no TOML is reported and left out.
document parse_document(std::string_view toml, const std::string& name);

/// One value as TOML writes it, such as ["a", "b"]; the text itself if it is none.
node parse_list(std::string_view toml, const origin& where);

} // namespace rill::conf::detail
