// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace rill::conf::detail {

/// A TOML statement as far as brackets and quotes tell: a table header or a key with its value.
/// Rough on purpose: it must make sense of text that is no TOML.
struct statement {
    std::size_t begin = 0; // offsets into the text; `end` is where its last line ends
    std::size_t end = 0;
    unsigned first_line = 0;
    unsigned last_line = 0;
    unsigned column = 0; // of its first character
    bool header = false;
    bool array = false;             // a header in double brackets
    bool closed = true;             // false: a quote or bracket is left open at the end
    unsigned depth = 0;             // the longest dotted name in it
    std::string name;               // "server" of a header, "a.b" of a key
    std::string value;              // what follows '='; empty if there is none
    std::size_t value_column = 0;   // 0 if there is no '='
    std::size_t section = no_index; // the header it stands under

    static constexpr std::size_t no_index = static_cast<std::size_t>(-1);
};

/// Splits a document; blank lines and comments belong to no statement. Linear time.
std::vector<statement> statements_of(std::string_view text);

/// Whether `text` is a value as TOML writes them that stands on its own without quotes: a number,
/// a word such as yes, an address.
bool is_bare(std::string_view text);

} // namespace rill::conf::detail
