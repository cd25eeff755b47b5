// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/detail/form.hpp>
#include <rill/endpoint.hpp>

#include <netinet/in.h>

#include <array>
#include <cstddef>
#include <cstring>
#include <memory>

namespace rill::RILL_FORM::net_detail {

/// An endpoint in the memory that it needs, which is a fifth of what Asio's takes: there is one for
/// each connection. The path of a unix socket lies elsewhere.
class kept_endpoint {
public:
    explicit kept_endpoint(const endpoint& e)
        : size_(e.size())
    {
        if (size_ <= address_.size())
            std::memcpy(address_.data(), e.data(), size_);
        else
            path_ = std::make_unique<endpoint>(e);
    }

    endpoint get() const { return path_ ? *path_ : endpoint(address_.data(), size_); }

private:
    std::size_t size_;
    std::array<std::byte, sizeof(sockaddr_in6)> address_;
    std::unique_ptr<endpoint> path_;
};

} // namespace rill::RILL_FORM::net_detail
