// SPDX-License-Identifier: BSL-1.0
#include "chars.hpp"
#include "head_parser.hpp"

#include <rill/http/request.hpp>

#include <cassert>

namespace rill::http {

http::method request::method() const noexcept
{
    return head_->method;
}

std::string_view request::method_name() const noexcept
{
    return head_->method_name.in(base_);
}

std::string_view request::target() const noexcept
{
    return head_->target.in(base_);
}

std::string_view request::path() const noexcept
{
    // RFC 9110 section 4.2.3: an empty path of an absolute-form target means "/".
    if (head_->path.size == 0 && head_->method != method::connect)
        return head_->method == method::options ? "*" : "/";
    return head_->path.in(base_);
}

std::string_view request::query() const noexcept
{
    return head_->query.in(base_);
}

std::string_view request::host() const noexcept
{
    return head_->host.in(base_);
}

http::version request::version() const noexcept
{
    return head_->http_1_1 ? version::http_1_1 : version::http_1_0;
}

std::optional<std::string_view> request::header(std::string_view name) const noexcept
{
    for (const auto& f : head_->fields)
        if (f.name.size == name.size() && detail::equals_ignoring_case(f.name.in(base_), name))
            return f.value.in(base_);
    return std::nullopt;
}

std::size_t request::header_count() const noexcept
{
    return head_->fields.size();
}

field request::header_at(std::size_t index) const noexcept
{
    const auto& f = head_->fields[index];
    return {f.name.in(base_), f.value.in(base_)};
}

std::string_view request::param(std::string_view name) const noexcept
{
    for (const auto& p : params_)
        if (p.name == name)
            return p.value;
    assert(false && "the route of this handler has no parameter of this name");
    return {};
}

std::span<const std::byte> request::bytes() const noexcept
{
    return std::as_bytes(std::span(body_));
}

bool request::keep_alive() const noexcept
{
    return head_->keep_alive;
}

} // namespace rill::http
