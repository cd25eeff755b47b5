// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <cstdint>
#include <string_view>

namespace rill::http::detail {

/// What a Transfer-Encoding says of a request's content.
enum class transfer_codings : std::uint8_t {
    chunked, // and nothing else
    unknown, // ends in chunked, with codings before it that we lack
    invalid, // where the content ends cannot be known
};

/// Reads the value of a Transfer-Encoding, which has no control characters.
transfer_codings read_transfer_codings(std::string_view value) noexcept;

} // namespace rill::http::detail
