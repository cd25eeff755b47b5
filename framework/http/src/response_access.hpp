// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/http/response.hpp>

#include <string_view>

namespace rill::http::detail {

/// What the serialiser reads of a response.
struct response_access {
    static bool close(const response& r) noexcept { return r.close_; }
    static std::string_view type(const response& r) noexcept { return r.type_; }
    static std::string_view fields(const response& r) noexcept { return r.fields_; }
    static void set_type(response& r, std::string_view type) noexcept { r.type_ = type; }
};

} // namespace rill::http::detail
