// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "proxy_dialogue.hpp"

#include <cstddef>
#include <cstdint>

namespace rill::RILL_FORM::net_detail {

/// SOCKS 5 (RFC 1928), with user and password (RFC 1929) if the proxy has a user.
class socks5 final : public proxy_dialogue {
public:
    socks5(const proxy& via, const std::string& host, unsigned short port);

    std::size_t receive(std::string_view data) override;

private:
    enum class step : std::uint8_t {
        method,      // which way of authentication the proxy has chosen
        credentials, // whether they are good
        reply,       // whether it has connected, and of which kind the address is that follows
        name_size,   // of that address
        rest,        // of it, and its port
    };

    void expect(step what, std::size_t bytes);
    void take();
    void on_method();
    void on_credentials();
    void on_reply();
    void send_request();

    std::uint8_t at(std::size_t i) const { return static_cast<std::uint8_t>(input_[i]); }

    const std::string credentials_; // as they are sent; empty if there are none
    const std::string request_;
    step step_ = step::method;
    std::size_t wanted_ = 2; // bytes, before the next step
    std::string input_;
};

} // namespace rill::RILL_FORM::net_detail
