// SPDX-License-Identifier: BSL-1.0
#include "chars.hpp"
#include "response_access.hpp"

#include <rill/http/response.hpp>

#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include <array>
#include <stdexcept>
#include <utility>

namespace rill::http {

namespace {

constexpr std::array<std::string_view, 4> own_fields{
    "connection",
    "content-length",
    "date",
    "transfer-encoding",
};

void check_field(std::string_view name, std::string_view value)
{
    if (!detail::is_token(name))
        throw std::invalid_argument("http::response: a field name must be a token");
    for (const auto own : own_fields)
        if (detail::equals_lower(name, own))
            throw std::invalid_argument("http::response: the server sets " + std::string(name));
    for (const char c : value)
        if (detail::is(c, detail::control_char))
            throw std::invalid_argument(
                "http::response: control character in " + std::string(name)
            );
}

struct line {
    std::size_t begin;
    std::size_t end; // behind its CRLF
    std::string_view value;
};

/// The first line called `name` in wire-format fields, from `from` on.
std::optional<line> find_line(std::string_view fields, std::string_view name, std::size_t from = 0)
{
    while (from < fields.size()) {
        const auto end = fields.find("\r\n", from) + 2;
        const auto text = fields.substr(from, end - 2 - from);
        const auto colon = text.find(':');
        if (detail::equals_ignoring_case(text.substr(0, colon), name))
            return line{from, end, text.substr(colon + 2)};
        from = end;
    }
    return std::nullopt;
}

} // namespace

response::response(int status)
{
    this->status(status);
}

response& response::status(int value)
{
    if (value < 200 || value > 599)
        throw std::invalid_argument("http::response: a status is from 200 to 599");
    status_ = value;
    return *this;
}

response& response::header(std::string_view name, std::string_view value)
{
    check_field(name, value);
    if (detail::equals_lower(name, "content-type"))
        type_ = {};
    std::size_t from = 0;
    while (const auto found = find_line(fields_, name, from)) {
        fields_.erase(found->begin, found->end - found->begin);
        from = found->begin;
    }
    return add_header(name, value);
}

response& response::add_header(std::string_view name, std::string_view value)
{
    check_field(name, value);
    fields_.append(name).append(": ").append(detail::trim(value)).append("\r\n");
    return *this;
}

std::optional<std::string_view> response::header(std::string_view name) const
{
    if (!type_.empty() && detail::equals_ignoring_case(name, "content-type"))
        return type_;
    const auto found = find_line(fields_, name);
    return found ? std::optional(found->value) : std::nullopt;
}

response& response::body(std::string content)
{
    body_ = std::move(content);
    shared_body_.reset();
    return *this;
}

response& response::body(std::shared_ptr<const std::string> content)
{
    body_.clear();
    shared_body_ = std::move(content);
    return *this;
}

std::string_view response::body() const noexcept
{
    return shared_body_ ? std::string_view(*shared_body_) : std::string_view(body_);
}

response& response::close() noexcept
{
    close_ = true;
    return *this;
}

response text(std::string body, int status)
{
    response r(status);
    detail::response_access::set_type(r, "text/plain; charset=utf-8");
    r.body(std::move(body));
    return r;
}

response json(std::string serialised, int status)
{
    response r(status);
    detail::response_access::set_type(r, "application/json");
    r.body(std::move(serialised));
    return r;
}

response problem(int status, std::string_view detail)
{
    boost::json::object document;
    document["type"] = "about:blank"; // RFC 9457 section 4.2.1: nothing beyond the status
    document["title"] = reason(status);
    document["status"] = status;
    if (!detail.empty())
        document["detail"] = detail;
    response r(status);
    detail::response_access::set_type(r, "application/problem+json");
    r.body(boost::json::serialize(document));
    return r;
}

std::string_view reason(int status) noexcept
{
    switch (status) {
    case 100: return "Continue";
    case 101: return "Switching Protocols";
    case 200: return "OK";
    case 201: return "Created";
    case 202: return "Accepted";
    case 203: return "Non-Authoritative Information";
    case 204: return "No Content";
    case 205: return "Reset Content";
    case 206: return "Partial Content";
    case 300: return "Multiple Choices";
    case 301: return "Moved Permanently";
    case 302: return "Found";
    case 303: return "See Other";
    case 304: return "Not Modified";
    case 307: return "Temporary Redirect";
    case 308: return "Permanent Redirect";
    case 400: return "Bad Request";
    case 401: return "Unauthorized";
    case 402: return "Payment Required";
    case 403: return "Forbidden";
    case 404: return "Not Found";
    case 405: return "Method Not Allowed";
    case 406: return "Not Acceptable";
    case 407: return "Proxy Authentication Required";
    case 408: return "Request Timeout";
    case 409: return "Conflict";
    case 410: return "Gone";
    case 411: return "Length Required";
    case 412: return "Precondition Failed";
    case 413: return "Content Too Large";
    case 414: return "URI Too Long";
    case 415: return "Unsupported Media Type";
    case 416: return "Range Not Satisfiable";
    case 417: return "Expectation Failed";
    case 421: return "Misdirected Request";
    case 422: return "Unprocessable Content";
    case 426: return "Upgrade Required";
    case 428: return "Precondition Required";
    case 429: return "Too Many Requests";
    case 431: return "Request Header Fields Too Large";
    case 500: return "Internal Server Error";
    case 501: return "Not Implemented";
    case 502: return "Bad Gateway";
    case 503: return "Service Unavailable";
    case 504: return "Gateway Timeout";
    case 505: return "HTTP Version Not Supported";
    default: return {};
    }
}

} // namespace rill::http
