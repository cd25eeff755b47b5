// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <string>
#include <string_view>

namespace rill::conf::detail {

/// toml++ (3.3; mended after 3.4) runs into undefined behaviour where a character such as 'é'
/// stands where a blank could: is_non_ascii_horizontal_whitespace has a switch that does not cover
/// what it lets through. Characters above U+FEFF are safe. So it reads them shifted by 0x100000,
/// one for one, which keeps every column; whatever it gives back is shifted down again.
std::string shifted_up(std::string_view text);
std::string shifted_down(std::string_view text);

/// Where `text` has a character that cannot be told from a shifted one (above U+FFFFF, for
/// private use); npos if nowhere.
std::size_t find_unshiftable(std::string_view text);

} // namespace rill::conf::detail
