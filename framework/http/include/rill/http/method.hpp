// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <cstdint>
#include <string_view>

namespace rill::http {

/// Request methods of RFC 9110 section 9 and PATCH (RFC 5789).
enum class method : std::uint8_t {
    get,
    head,
    post,
    put,
    delete_,
    options,
    patch,
    trace,
    connect,
    other, ///< An extension method; request::method_name() has its text.
};

/// The method called `name`, which is case-sensitive (RFC 9110 section 9.1).
method to_method(std::string_view name) noexcept;

/// Upper-case name of a method; empty for `other`.
std::string_view to_string(method m) noexcept;

} // namespace rill::http
