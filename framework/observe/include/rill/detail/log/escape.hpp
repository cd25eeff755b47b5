// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <string>
#include <string_view>

namespace rill::log::detail {

/// Text as JSON has it between quotes. Control characters, C1 included, are escaped, and what is
/// not UTF-8 becomes the replacement character: nothing of it can forge a line or move a cursor.
void append_escaped(std::string_view text, std::string& out);

void append_quoted(std::string_view text, std::string& out);

} // namespace rill::log::detail
