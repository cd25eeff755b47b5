// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <string_view>

namespace rill::http::detail {

/// `uri-host [ ":" port ]` in its parts (RFC 9110 section 7.2, RFC 3986 section 3.2).
struct authority {
    std::string_view host; // not empty; an address in brackets keeps them
    std::string_view port; // digits; may be empty
    bool valid = false;
};

/// Splits and checks `text`. User information, lists and paths make it invalid.
authority parse_authority(std::string_view text) noexcept;

} // namespace rill::http::detail
