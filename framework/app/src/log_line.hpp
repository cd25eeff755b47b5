// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/app/log.hpp>

#include <string>
#include <string_view>

namespace rill::app::detail {

/// Bytes that a line may have; what is beyond is cut and marked with "…".
inline constexpr std::size_t longest_line = 8 * 1024;

/// message key=value key="two words" task=name
std::string text_line(std::string_view message, log::fields fields, std::string_view task);

/// The members of a JSON object, without its braces.
std::string json_line(std::string_view message, log::fields fields, std::string_view task);

} // namespace rill::app::detail
