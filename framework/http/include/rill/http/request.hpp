// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/http/method.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace rill::http {

namespace detail {

struct head;
struct request_access;

} // namespace detail

enum class version : std::uint8_t { http_1_0, http_1_1 };

/// A field line: its name as sent, its value without white space around it.
struct field {
    std::string_view name;
    std::string_view value;
};

/// A request whose content has arrived in full. Mirrors aiohttp's web.Request.
///
/// Looks into the connection's buffer: everything it returns is valid until the handler has
/// returned. The head and the content have passed the framing guard, so a name is a token, a value
/// has no control characters, and an HTTP/1.1 request has one valid Host. An absolute-form target
/// overrules Host: the field then has the value that the target names.
/// Thread safety: distinct objects safe, shared objects unsafe.
class request {
public:
    http::method method() const noexcept;
    std::string_view method_name() const noexcept;

    std::string_view target() const noexcept; ///< As sent.

    /// The path, still with its percent escapes; empty with CONNECT, `*` with `OPTIONS *`.
    std::string_view path() const noexcept;

    /// What is behind the question mark, with its percent escapes.
    std::string_view query() const noexcept;

    /// Whom the request is for, name and port as sent: what an absolute-form target names, else
    /// the value of Host. Empty where HTTP/1.0 says nothing.
    std::string_view host() const noexcept;

    http::version version() const noexcept; ///< HTTP/1.1 for later ones too.

    /// Value of the first field called `name`, in any case.
    std::optional<std::string_view> header(std::string_view name) const noexcept;

    std::size_t header_count() const noexcept;
    field header_at(std::size_t index) const noexcept; ///< In the order sent.

    /// What stands at `{name}` of the route, without percent escapes.
    ///
    /// The handler's route has such a place: anything else is an assertion, and empty without
    /// assertions.
    std::string_view param(std::string_view name) const noexcept;

    std::string_view body() const noexcept { return body_; }
    std::span<const std::byte> bytes() const noexcept;

    /// Whether the peer lets the connection live on.
    bool keep_alive() const noexcept;

private:
    friend struct detail::request_access;

    request() = default;

    const detail::head* head_ = nullptr;
    const char* base_ = nullptr; // what the head's slices count from
    std::string_view body_;
    std::vector<field> params_;         // values point into the head or into decoded_
    bool cancel_on_disconnect_ = false; // the route says so
    std::string decoded_; // parameters that had escapes; never grows beyond its reserve
};

} // namespace rill::http
