// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/detail/needs_net.hpp>

#include <string>
#include <string_view>

namespace rill::RILL_FORM::net_detail {

/// Appends `text` with its percent escapes decoded (RFC 3986 section 2.1). False if an escape is
/// not followed by two hexadecimal digits, or stands for NUL, which ends strings elsewhere.
bool percent_decode(std::string_view text, std::string& out);

} // namespace rill::RILL_FORM::net_detail
