// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace rill::conf::detail {

/// A value as it should be written, and words for what it then is.
struct spelling {
    std::string text;
    std::string meaning; // empty: nothing needs to be said
};

/// What a text may be meant to say that is no duration: "10 s", "10sec", "forever", or "10", of
/// which nobody can tell the unit.
std::vector<spelling> likely_durations(std::string_view text);

/// The same of sizes: "64 kib", "1MB", "10".
std::vector<spelling> likely_sizes(std::string_view text);

/// What is wrong with the number in a duration of the right form, ", which is too long"; empty
/// where the form is wrong.
std::string_view flaw_of_duration(std::string_view text);

std::string_view flaw_of_size(std::string_view text);

} // namespace rill::conf::detail
