// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/extend_net.hpp>
#include <rill/http/response.hpp>

#include <array>
#include <ctime>
#include <string_view>

namespace rill::http::detail {

/// What the request and the connection decide about its response.
struct reply {
    bool head_only = false; // the request was HEAD
    bool keep_alive = true; // the connection lives on
    bool http_1_1 = true;   // the request's version
};

/// The Date of a response (RFC 9110 section 6.6.1), written anew once a second.
class date_cache {
public:
    /// The field line with its CRLF. Valid until the next call.
    std::string_view line(std::time_t now);

private:
    static constexpr std::size_t size = 37;
    std::time_t now_ = -1;
    std::array<char, size> text_{};
};

/// Appends status line and fields of `r`, with the empty line behind them.
void write_head(
    const response& r, const reply& to, std::string_view date_line, extend::byte_buffer& out
);

/// The content that follows the head: empty where HTTP has none (RFC 9112 section 6.3).
std::string_view content(const response& r, const reply& to) noexcept;

} // namespace rill::http::detail
