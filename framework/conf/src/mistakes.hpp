// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "statements.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace rill::conf::detail {

/// A syntax error: its place in the text, and words for it.
struct mistake {
    unsigned line = 0;
    std::size_t column = 0;
    std::string message;
};

/// Words for the usual mistakes, and the parser's own for the others. `found` is what the parser
/// says, with its place, of a header or a key.
mistake mistake_in_header(const statement& s, const mistake& found);

/// Empty where only the value is wrong, and of no form of TOML: whoever knows the key can say more.
std::optional<mistake> mistake_in_key(const statement& s, const mistake& found);

/// The parser's "Error while parsing X: expected …" without the first half; end of line in words.
std::string plain(std::string_view description);

} // namespace rill::conf::detail
