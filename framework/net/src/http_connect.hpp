// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "proxy_dialogue.hpp"

namespace rill::RILL_FORM::net_detail {

/// HTTP's CONNECT (RFC 9110 9.3.6), with Basic credentials (RFC 7617) if the proxy has a user.
class http_connect final : public proxy_dialogue {
public:
    http_connect(const proxy& via, const std::string& host, unsigned short port);

    std::size_t receive(std::string_view data) override;

private:
    void judge();

    std::string head_; // of the answer, as far as it has come
};

} // namespace rill::RILL_FORM::net_detail
