// SPDX-License-Identifier: BSL-1.0
#include "proxy_dialogue.hpp"

#include "http_connect.hpp"
#include "socks5.hpp"

namespace rill::RILL_FORM::net_detail {

std::unique_ptr<proxy_dialogue> ask(const proxy& via, const std::string& host, unsigned short port)
{
    if (via.protocol() == proxy::kind::http)
        return std::make_unique<http_connect>(via, host, port);
    return std::make_unique<socks5>(via, host, port);
}

} // namespace rill::RILL_FORM::net_detail
