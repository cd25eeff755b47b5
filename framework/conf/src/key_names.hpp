// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "statements.hpp"

#include <string>
#include <string_view>

namespace rill::conf::detail {

// What can be told of names in a text that may be no TOML.

/// Whether a key could begin so, also one in quotes or of letters that keys do not have.
bool is_key_letter(char c);

/// Whether it is a key or a section's name, dotted or not, as conf files have them.
bool is_name(std::string_view name);

/// As far as it looks like a key.
std::string first_word(std::string_view text);

/// What a broken header was to name, as far as one can tell.
std::string guessed_name(const statement& header);

} // namespace rill::conf::detail
