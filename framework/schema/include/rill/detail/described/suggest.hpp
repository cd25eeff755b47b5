// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace rill::described {

/// Letters to insert, remove, replace or swap with a neighbour to get from one word to the other.
/// Letter case costs nothing. Words longer than 64 bytes are `limit` apart.
std::size_t edit_distance(std::string_view a, std::string_view b, std::size_t limit = 64);

/// The candidate that was probably meant by `word`, or empty if none is near. At equal distance
/// the first one wins, so the likeliest candidates go first.
std::string nearest(std::string_view word, const std::vector<std::string>& candidates);

/// "; did you mean 'x'?", or nothing.
std::string did_you_mean(std::string_view word, const std::vector<std::string>& candidates);

} // namespace rill::described
