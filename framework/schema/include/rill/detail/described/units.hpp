// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace rill::described {

/// Reads "250ms", "1.5s", "1h30m", "-2s" or "0s" as nanoseconds: Go's spelling, and d for days.
/// Units go from large to small, each at most once. Empty if it is no duration or too long.
std::optional<std::int64_t> parse_duration(std::string_view text);

/// The shortest plain spelling: "60s", "2m", "1h", "1500ms", "0s"; "never" for that.
std::string format_duration(std::int64_t nanoseconds);

/// Reads "64KiB", "1.5MiB" or "100B" as bytes. Empty if it is no size, not whole or too large.
std::optional<std::int64_t> parse_size(std::string_view text);

/// "64KiB", "100B".
std::string format_size(std::int64_t bytes);

} // namespace rill::described
