// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace rill::http {

namespace detail {

struct response_access;

} // namespace detail

/// What a handler answers: status, fields, content. Mirrors aiohttp's web.Response.
///
/// The server adds Date, Content-Length and Connection, and leaves the content out where HTTP has
/// none: with HEAD, and with status 1xx, 204 and 304.
/// Thread safety: distinct objects safe, shared objects unsafe.
class response {
public:
    /// `status` from 200 to 599; anything else throws std::invalid_argument.
    explicit response(int status = 200);

    response& status(int value);
    int status() const noexcept { return status_; }

    /// Sets a field, in place of all of the same name.
    ///
    /// Throws std::invalid_argument if `name` is no token, if `value` has CR, LF, NUL or another
    /// control character, or if the field is the server's own: Content-Length,
    /// Transfer-Encoding, Connection, Date.
    response& header(std::string_view name, std::string_view value);

    /// Adds a field beside those of the same name. Throws as header() does.
    response& add_header(std::string_view name, std::string_view value);

    /// Value of the first field called `name`, in any case.
    std::optional<std::string_view> header(std::string_view name) const;

    response& body(std::string content);

    /// Content that many responses share; it is not copied.
    response& body(std::shared_ptr<const std::string> content);
    std::string_view body() const noexcept;

    /// Closes the connection behind this response.
    response& close() noexcept;

private:
    friend struct detail::response_access;

    int status_ = 200;
    bool close_ = false;
    std::string_view type_; // Content-Type, if it is one of the helpers' own; of static storage
    std::string fields_;    // field lines as they are sent, each with its CRLF
    std::string body_;
    std::shared_ptr<const std::string> shared_body_; // instead of body_, if there is one
};

/// `text/plain; charset=utf-8`.
response text(std::string body, int status = 200);

/// `application/json`, from JSON that is serialised already.
response json(std::string serialised, int status = 200);

/// A problem document (RFC 9457) that names the status and, if not empty, says `detail` to the
/// peer.
response problem(int status, std::string_view detail = {});

/// The reason phrase of a status; empty for those without one.
std::string_view reason(int status) noexcept;

} // namespace rill::http
