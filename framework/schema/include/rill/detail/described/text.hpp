// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace rill::described {

/// The text on one line, as a message may show it: control characters are written as \n and \u0000.
std::string visible(std::string_view text);

/// The text in double quotes, escaped as TOML wants it. Control characters never pass as they are.
std::string in_quotes(std::string_view text);

/// As `in_quotes`, but cut after 40 bytes, for use in a message.
std::string in_quotes_briefly(std::string_view text);

/// "a, b or c".
std::string one_of(const std::vector<std::string>& words);

std::string_view trimmed(std::string_view text);

/// The parts of `text` between separators; always at least one.
std::vector<std::string> split(std::string_view text, std::string_view separator);

/// "a.b", or "b" if `a` is empty.
std::string joined(std::string_view a, std::string_view b);

} // namespace rill::described
