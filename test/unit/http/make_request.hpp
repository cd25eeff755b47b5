// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "request_access.hpp"

#include <doctest/doctest.h>

#include <string>
#include <utility>

namespace test {

/// A request and the bytes that it looks into. Neither copied nor moved.
class parsed_request {
public:
    explicit parsed_request(std::string head, std::string body = {})
        : bytes_(std::move(head))
        , body_(std::move(body))
        , parser_(limits_)
        , request_(rill::http::detail::request_access::make())
    {
        REQUIRE(parser_.parse(bytes_) == rill::http::detail::progress::complete);
        rill::http::detail::request_access::bind(request_, parser_.result(), bytes_.data(), body_);
    }

    parsed_request(const parsed_request&) = delete;
    parsed_request& operator=(const parsed_request&) = delete;

    rill::http::request& operator*() { return request_; }
    rill::http::request* operator->() { return &request_; }

private:
    std::string bytes_;
    std::string body_;
    rill::http::settings limits_;
    rill::http::detail::head_parser parser_;
    rill::http::request request_;
};

/// A request with a method and a target only.
inline std::string head_of(const std::string& method, const std::string& target)
{
    return method + " " + target + " HTTP/1.1\r\nHost: a\r\n\r\n";
}

} // namespace test
