// SPDX-License-Identifier: BSL-1.0
//
// Text for terminals. What comes from a service passes through printable() before it is shown.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace top {

/// A character of UTF-8, or a byte that belongs to none.
struct decoded {
    char32_t character = 0;
    std::size_t bytes = 1;
    bool valid = false;
};

/// The first character of `text`, which must not be empty. Overlong forms and surrogates are
/// invalid.
decoded first_character(std::string_view text) noexcept;

/// `character` as UTF-8.
std::string utf8(char32_t character);

/// Columns that a character takes: 0 for combining ones, 2 for wide ones, else 1.
std::size_t columns_of(char32_t character) noexcept;

/// Columns that printable text takes.
std::size_t columns_of(std::string_view text) noexcept;

/// `bytes` as text that changes nothing but the cells it stands in: control characters, bytes that
/// are no UTF-8, and characters that reorder or hide others are written as \n, \x1b, \u{202e}. A
/// backslash stays one, so that text which is printable already comes back unchanged.
std::string printable(std::string_view bytes);

/// At most `columns` columns of printable text; an ellipsis shows that some is missing.
std::string clipped(std::string_view text, std::size_t columns);

/// The printable text from column `from` on.
std::string without_first(std::string_view text, std::size_t columns);

enum class alignment { left, right };

/// Clipped or filled with spaces: exactly `columns` columns.
std::string fitted(std::string_view text, std::size_t columns, alignment side = alignment::left);

/// For terminals that know ASCII only: lines of boxes become + - | and `, all else a question mark.
std::string ascii(std::string_view text);

/// "300 ms", "1.2 s", "4 min 10 s", "2 h 3 min", "5 d 6 h".
std::string milliseconds(std::uint64_t ms);

/// "85 us", "0.2 ms", "12.5 ms", and beyond a second as milliseconds().
std::string microseconds(std::uint64_t us);

/// "0", "0.3", "12", "4500", "12k", "3.4M".
std::string rate(double per_second);

/// "1 task", "2 tasks".
std::string counted(std::uint64_t n, std::string_view noun);

} // namespace top
