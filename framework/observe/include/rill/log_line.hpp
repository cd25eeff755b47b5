// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/log_record.hpp>

#include <cstddef>
#include <string>

// A line as text, for sinks. Control characters are escaped, and what is no UTF-8 is replaced, so
// that no value can forge a line or move a cursor. Time and level are left to the sink.
namespace rill::log {

/// Bytes that the texts of a line may have together; what is beyond is cut and marked with "…".
inline constexpr std::size_t longest_line = 8 * 1024;

/// message key=value key="two words" task=name
std::string text_line(const record& of);

/// The members of a JSON object, without its braces: "task":"name","message":"message","key":1
std::string json_members(const record& of);

} // namespace rill::log
